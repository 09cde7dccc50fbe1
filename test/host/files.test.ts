import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { system } from "../../src/host/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-files-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function problemOf(result: Awaited<ReturnType<typeof system.replace>>): string {
  return result.ok ? "" : result.problems.map(({ code, what }) => `${code}: ${what}`).join();
}

describe.each(["writeNew", "replace"] as const)("%s", (write) => {
  test("writes the text for its owner alone, into folders for their owner alone", async () => {
    const path = join(folder, "a", "b", "text");
    expect(await system[write](path, "one\n")).toEqual({ ok: true, value: undefined });
    expect(readFileSync(path, "utf8")).toBe("one\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "a", "b"))).toEqual(["text"]);
  });

  test("writes nothing where a part of the path is a file", async () => {
    writeFileSync(join(folder, "a"), "");
    const written = await system[write](join(folder, "a", "text"), "one\n");
    expect(problemOf(written)).toContain("file-unwritable");
  });

  test("leaves nothing behind where it fails", async () => {
    mkdirSync(join(folder, "text"));
    expect((await system[write](join(folder, "text"), "one\n")).ok).toBe(false);
    expect(readdirSync(folder)).toEqual(["text"]);
  });
});

describe("what is there already", () => {
  test("is not overwritten by a new file, and stays as it is", async () => {
    const path = join(folder, "text");
    writeFileSync(path, "mine\n");
    expect(problemOf(await system.writeNew(path, "one\n"))).toBe(
      `file-exists: ${JSON.stringify(path)} exists already`,
    );
    expect(readFileSync(path, "utf8")).toBe("mine\n");
    expect(readdirSync(folder)).toEqual(["text"]);
  });

  test("is not followed where it is a link, also one that leads nowhere", async () => {
    const path = join(folder, "text");
    symlinkSync(join(folder, "elsewhere"), path);
    expect((await system.writeNew(path, "one\n")).ok).toBe(false);
    expect(readdirSync(folder)).toEqual(["text"]);
  });

  test("is replaced, the link and not what it leads to", async () => {
    const path = join(folder, "text");
    writeFileSync(join(folder, "elsewhere"), "mine\n");
    symlinkSync(join(folder, "elsewhere"), path);
    expect((await system.replace(path, "one\n")).ok).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("one\n");
    expect(readFileSync(join(folder, "elsewhere"), "utf8")).toBe("mine\n");
  });
});

test("a file is removed, and it is no problem when there is none", async () => {
  const path = join(folder, "text");
  writeFileSync(path, "mine\n");
  expect((await system.remove(path)).ok).toBe(true);
  expect((await system.remove(path)).ok).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

test("what was kept is read back, and nothing where there is nothing", async () => {
  const path = join(folder, "text");
  await system.replace(path, "one\n");
  expect(await system.readKept(path)).toBe("one\n");
  expect(await system.readKept(join(folder, "other"))).toBeUndefined();
});

describe("another name", () => {
  test("is given once, also one that another file has", async () => {
    const [one, other] = [join(folder, "one"), join(folder, "other")];
    writeFileSync(one, "1\n");
    writeFileSync(other, "2\n");
    expect((await system.rename(one, other)).ok).toBe(true);
    expect((await system.rename(one, other)).ok).toBe(false);
    expect(readFileSync(other, "utf8")).toBe("1\n");
  });
});

describe("a folder to keep things in", () => {
  const inner = () => join(folder, "run", "net-1");
  const NOBODY = 65534;

  test("is one in which only this user can make anything, in others like it, and in /tmp", async () => {
    expect((await system.checkFolder(inner())).ok).toBe(true);
    mkdirSync(inner(), { recursive: true });
    expect((await system.checkFolder(inner())).ok).toBe(true);
  });

  test.each<[string, () => void]>([
    ["that others can write to", () => chmodSync(inner(), 0o777)],
    ["that others can write to as in /tmp", () => chmodSync(inner(), 0o1777)],
    ["that its group can write to", () => chmodSync(inner(), 0o770)],
    ["that can be moved by others", () => chmodSync(join(folder, "run"), 0o777)],
    ["of another user", () => chownSync(inner(), NOBODY, NOBODY)],
    ["in one of another user", () => chownSync(join(folder, "run"), NOBODY, NOBODY)],
    ["that another user leads elsewhere", () => leadElsewhere()],
  ])("is not one %s", async (_, spoil) => {
    mkdirSync(inner(), { recursive: true });
    spoil();
    expect(problemOf(await system.checkFolder(inner()))).toContain("folder-untrusted");
  });

  test("is named from the root of all folders", async () => {
    expect(problemOf(await system.checkFolder("run/net-1"))).toContain("does not begin with /");
  });

  function leadElsewhere(): void {
    mkdirSync(join(folder, "elsewhere", "net-1"), { recursive: true });
    rmSync(join(folder, "run"), { recursive: true });
    symlinkSync(join(folder, "elsewhere"), join(folder, "run"));
    lchownSync(join(folder, "run"), NOBODY, NOBODY);
  }
});
