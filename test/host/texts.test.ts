/** Texts that are secret, and texts that come on stdin. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { system } from "../../src/host/index.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";

describe("a secret file", () => {
  const NOBODY = 65534;
  const SECRET = "steps: é\r\n";
  let folder: string;
  const path = () => join(folder, "secret");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "postern-texts-"));
    writeFileSync(path(), SECRET, { mode: 0o600 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The problem with it, in one line. */
  async function problemWith(file = path()): Promise<string> {
    const read = await system.readSecret(file);
    if (read.ok) throw new Error(`problemWith: ${file} was read`);
    const lines = read.problems.map(({ what, fix, code }) => `${what}; ${fix} [${code}]`);
    return lines.join("\n").replaceAll(folder, "FOLDER");
  }

  test("of its owner is read as it is", async () => {
    for (const mode of [0o600, 0o400, 0o700]) {
      chmodSync(path(), mode);
      expect(await system.readSecret(path())).toEqual({ ok: true, value: SECRET });
    }
  });

  test("need not be there", async () => {
    for (const name of ["missing", "no/such/folder"]) {
      expect(await system.readSecret(join(folder, name))).toEqual({ ok: true, value: undefined });
    }
  });

  test.each([0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o666])(
    "of mode %o is for others, too, and not read",
    async (mode) => {
      chmodSync(path(), mode);
      expect(await problemWith()).toBe(
        '"FOLDER/secret" is there for others too, and whoever reads it can open the doors in it; ' +
          "`chmod 600 FOLDER/secret`, and take new steps if anybody may have read it [file-exposed]",
      );
    },
  );

  test("may be a link: what it leads to counts", async () => {
    symlinkSync("secret", join(folder, "link"));
    expect(await system.readSecret(join(folder, "link"))).toEqual({ ok: true, value: SECRET });
    chmodSync(path(), 0o640);
    expect(await problemWith(join(folder, "link"))).toContain("[file-exposed]");
    rmSync(path());
    expect(await system.readSecret(join(folder, "link"))).toEqual({ ok: true, value: undefined });
  });

  test("that is a folder, a loop, or below a file", async () => {
    mkdirSync(join(folder, "inner"), { mode: 0o700 });
    symlinkSync("loop", join(folder, "loop"));
    for (const name of ["inner", "loop", "secret/below"]) {
      expect(await problemWith(join(folder, name))).toContain("[file-unreadable]");
    }
  });

  test("that is too large, or not UTF-8", async () => {
    writeFileSync(path(), "x".repeat(1024 * 1024));
    expect((await system.readSecret(path())).ok).toBe(true);
    writeFileSync(path(), "x".repeat(1024 * 1024 + 1));
    expect(await problemWith()).toContain("[file-too-large]");
    writeFileSync(path(), Uint8Array.of(0xff));
    expect(await problemWith()).toContain("is not UTF-8 text");
  });

  /** Only root can give files away. */
  test.runIf(process.geteuid?.() === 0)(
    "of somebody else is not read, by root either",
    async () => {
      chownSync(path(), NOBODY, NOBODY);
      expect(await problemWith()).toContain('"FOLDER/secret" belongs to another user, and');
    },
  );
});

describe("what comes on stdin", () => {
  const DOOR = "doors: { ssh: { protects: tcp/22, sequence: { steps: [51000] } } }";
  let bundle: Bundle;
  beforeAll(() => {
    bundle = makeBundle();
  });
  afterAll(() => bundle.remove());
  const add = (source: string) =>
    bundle.shell(`${source.replace("ADD", "$postern profile add gate --from -")}`, {
      HOME: bundle.folder,
      XDG_CONFIG_HOME: "",
    });

  test("is read to its end, however slowly it comes", () => {
    const { exit, stdout } = add(
      `{ printf 'doors: { '; sleep 0.3; echo '${DOOR.slice(9)}'; } | ADD`,
    );
    expect(exit).toBe(0);
    expect(stdout).toContain("gate\n  ssh  tcp/22  1 step, open for 10s\n");
  });

  test("may be a file", () => {
    writeFileSync(join(bundle.folder, "door.yaml"), DOOR);
    expect(add("ADD < door.yaml").exit).toBe(0);
  });

  test.each([
    ["ADD < /dev/null", "stdin:1:1: error: this file is empty, and not a policy [not-a-policy]"],
    ["ADD <&-", "stdin:1:1: error: this file is empty, and not a policy [not-a-policy]"],
    ["printf 'doors: {}' | ADD", "stdin:1:8: error: nothing is written between these braces"],
    ["printf 'a\\377' | ADD", 'error: "stdin" is not UTF-8 text [file-unreadable]'],
    ["head -c 3000000 /dev/zero | ADD", 'error: "stdin" is larger than 1 MiB [file-too-large]'],
    ["ADD < /dev/zero", 'error: "stdin" is larger than 1 MiB [file-too-large]'],
    ["ADD < .", "stdin:1:1: error: this file is empty, and not a policy [not-a-policy]"],
  ])("%s is refused in words", (source, said) => {
    const { exit, stdout, stderr } = add(source);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr.split("\n")[0]).toContain(said);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
