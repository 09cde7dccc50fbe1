/** The real host: files are read within bounds, and a fault of theirs is told, not thrown. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { system } from "../../src/host/index.ts";

describe("a text file", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "postern-host-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The problem with a file, in one line. */
  async function problemWith(path: string): Promise<string> {
    const read = await system.readText(path);
    if (read.ok) throw new Error(`problemWith: ${path} was read`);
    const [problem] = read.problems;
    expect(read.problems).toHaveLength(1);
    return `${problem?.what}; ${problem?.fix} [${problem?.code}]`.replace(folder, "FOLDER");
  }

  test("is read as it is, with every byte that was written", async () => {
    for (const text of ["", "a\n", "\ufeffdoors: é\r\n", "\u0000\u001b[31m"]) {
      writeFileSync(at("text"), text);
      expect(await system.readText(at("text"))).toEqual({ ok: true, value: text });
    }
  });

  test("of 1 MiB is read, and one byte more is too large", async () => {
    writeFileSync(at("large"), "x".repeat(1024 * 1024));
    expect((await system.readText(at("large"))).ok).toBe(true);
    writeFileSync(at("large"), "x".repeat(1024 * 1024 + 1));
    expect(await problemWith(at("large"))).toBe(
      '"FOLDER/large" is larger than 1 MiB; name another file [file-too-large]',
    );
  });

  test("of 100 MB is not read to its end, nor one that has none", async () => {
    writeFileSync(at("huge"), "");
    truncateSync(at("huge"), 100_000_000);
    expect(await problemWith(at("huge"))).toContain("[file-too-large]");
    const endless = await system.readText("/dev/zero", "any");
    expect(endless).toMatchObject({ problems: [{ code: "file-too-large" }] });
  });

  test("that somebody writes to is read as one version of it, or is a problem", async () => {
    const length = 512 * 1024;
    writeFileSync(at("busy"), "a".repeat(length));
    const script = `
      const fs = require("node:fs");
      const texts = ["a", "b"].map((letter) => Buffer.alloc(${length}, letter));
      const file = fs.openSync(${JSON.stringify(at("busy"))}, "r+");
      for (let n = 0; ; n += 1) fs.writeSync(file, texts[n % 2], 0, ${length}, 0);`;
    const writer = spawn(process.execPath, ["-e", script]);
    onTestFinished(() => {
      writer.kill("SIGKILL");
    });
    const found = { whole: 0, changing: 0 };
    for (let n = 0; n < 2000 && (found.changing === 0 || n < 50); n += 1) {
      const read = await system.readText(at("busy"));
      if (read.ok) expect(/^(a+|b+)$/.test(read.value)).toBe(true);
      else expect(read.problems[0]?.code).toBe("file-changing");
      found[read.ok ? "whole" : "changing"] += 1;
    }
    expect(found.changing).toBeGreaterThan(0);
  });

  test("may be a pipe where the user has named it, which can be read once", async () => {
    expect(spawnSync("mkfifo", [at("pipe")]).status).toBe(0);
    const writer = spawn("sh", [
      "-c",
      `sleep 0.1; { echo doors; sleep 0.1; echo :; } >${at("pipe")}`,
    ]);
    const value = "doors\n:\n";
    expect(await system.readText(at("pipe"), "any")).toEqual({ ok: true, value });
    writer.kill();
  });

  test("is nothing but a plain file where nobody has named another, and nobody waits for its writer", async () => {
    expect(spawnSync("mkfifo", [at("fifo")]).status).toBe(0);
    symlinkSync("fifo", at("link"));
    for (const path of [at("fifo"), at("link"), "/dev/zero", "/dev/tty", "/dev/null"]) {
      expect(await problemWith(path)).toContain(
        "is not a plain file; put a plain file in its place (`ls -lL` shows what it is); a pipe is read only where it is named on the command line [file-unreadable]",
      );
      expect(await system.readKept(path)).toBeUndefined();
      const secret = await system.readSecret(path);
      expect(secret).toMatchObject({ problems: [{ code: "file-unreadable" }] });
    }
  });

  test("that is not there", async () => {
    expect(await problemWith(at("missing"))).toBe(
      '"FOLDER/missing" does not exist; name another file, or write one: docs/policy.md shows how [file-unreadable]',
    );
  });

  test("that is a directory", async () => {
    expect(await problemWith(folder)).toBe(
      '"FOLDER" is a directory; name the policy file in it [file-unreadable]',
    );
  });

  test("that is not UTF-8", async () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x61, 0xe9, 0x0a]]) {
      writeFileSync(at("bytes"), Uint8Array.from(bytes));
      expect(await problemWith(at("bytes"))).toBe(
        '"FOLDER/bytes" is not UTF-8 text; save it as UTF-8 [file-unreadable]',
      );
    }
  });

  test("whose path leads nowhere", async () => {
    writeFileSync(at("file"), "");
    symlinkSync("loop", at("loop"));
    for (const name of ["file/below", "loop", "x".repeat(300)]) {
      expect(await problemWith(at(name))).toContain(
        "cannot be read; name a file that can be read [file-unreadable]",
      );
    }
  });
});

test("a file of the kernel is read, or there is none", async () => {
  expect(await system.readKernelFile("/proc/sys/kernel/ostype")).toBe("Linux\n");
  expect(await system.readKernelFile("/proc/no/such/file")).toBeUndefined();
});

test("what the environment does not have is undefined", () => {
  expect(system.environment("PATH")).toBe(process.env["PATH"]);
  expect(system.environment("POSTERN_NO_SUCH_VARIABLE")).toBeUndefined();
});
