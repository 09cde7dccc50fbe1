/** The command as users start it: streams that break, files that are none, terminals and pipes. */
import { chmodSync, copyFileSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "./run.ts";

const DOORS = Array.from(
  { length: 200 },
  (_, n) =>
    `  door-${n}: { protects: tcp/${n + 1}, sequence: { steps: [${20_000 + 40 * n}, ${20_030 + 40 * n}] } }`,
);

let bundle: Bundle;
beforeAll(() => {
  bundle = makeBundle();
  writeFileSync(join(bundle.folder, "good.yaml"), "doors: { ssh: { protects: tcp/22 } }\n");
  writeFileSync(join(bundle.folder, "large.yaml"), `doors:\n${DOORS.join("\n")}\n`);
  writeFileSync(join(bundle.folder, "wrong.yaml"), "doors: { ssh: { protects: tcp/0 } }\n");
});
afterAll(() => bundle.remove());

describe("the end of a process", () => {
  test.each([
    ["$postern compile good.yaml", 0],
    ["$postern compile wrong.yaml", 1],
    ["$postern compile nowhere.yaml", 1],
    ["$postern compile one two", 2],
    ["$postern", 2],
    ["$postern --help", 0],
  ])("%s ends with %d", (line, exit) => {
    const ran = bundle.shell(line);
    expect(ran.exit).toBe(exit);
    // Results on stdout, everything else on stderr.
    expect([ran.stdout === "", ran.stderr === ""]).toEqual(
      exit === 0 ? [false, true] : [true, false],
    );
    expect(ran.stderr).not.toMatch(/^ +at /m);
  });

  test("a policy is read from a pipe as from a file", () => {
    const { exit, stdout } = bundle.shell("cat good.yaml | $postern compile /dev/stdin");
    expect([exit, stdout.startsWith("#!/usr/sbin/nft -f")]).toEqual([0, true]);
  });

  test("a policy is read from what bash puts in the place of <(...), however late it comes", () => {
    const slow = bundle.shell(`bash -c '$postern compile <(sleep 0.5; cat good.yaml)'`);
    expect([slow.exit, slow.stdout.startsWith("#!/usr/sbin/nft -f")]).toEqual([0, true]);
    const empty = bundle.shell(`bash -c '$postern compile <(true)'`);
    expect([empty.exit, empty.stderr]).toEqual([1, expect.stringContaining("this file is empty")]);
  });

  test("POSTERN_DIR names the folder of the policy", () => {
    const folder = join(bundle.folder, "etc");
    mkdirSync(folder);
    copyFileSync(join(bundle.folder, "good.yaml"), join(folder, "policy.yaml"));
    expect(bundle.shell("$postern compile", { POSTERN_DIR: folder }).exit).toBe(0);
    const { exit, stderr } = bundle.shell("$postern compile", { POSTERN_DIR: "/nowhere" });
    expect([exit, stderr.split("\n")[0]]).toEqual([
      1,
      'error: "/nowhere/policy.yaml" does not exist [file-unreadable]',
    ]);
  });
});

describe("a file that is no policy", () => {
  const firstLine = (argument: string) => {
    const { exit, stdout, stderr } = bundle.shell(`$postern compile ${argument}`);
    expect([exit, stdout]).toEqual([1, ""]);
    return stderr.split("\n")[0];
  };

  test("a directory", () =>
    expect(firstLine(".")).toBe('error: "." is a directory [file-unreadable]'));
  test("nothing", () => expect(firstLine("''")).toBe('error: "" does not exist [file-unreadable]'));
  test("100 MB", () => {
    writeFileSync(join(bundle.folder, "huge.yaml"), "");
    truncateSync(join(bundle.folder, "huge.yaml"), 100_000_000);
    expect(firstLine("huge.yaml")).toBe('error: "huge.yaml" is larger than 1 MiB [file-too-large]');
  });
  test("without an end", () => {
    expect(firstLine("/dev/zero")).toBe('error: "/dev/zero" is larger than 1 MiB [file-too-large]');
  });
  test("not text", () => {
    writeFileSync(join(bundle.folder, "bytes.yaml"), Uint8Array.of(0x64, 0xff, 0xfe));
    expect(firstLine("bytes.yaml")).toBe('error: "bytes.yaml" is not UTF-8 text [file-unreadable]');
  });
  test("a name that would move the cursor", () => {
    expect(firstLine("\"$(printf '\\033[31mred')\"")).toBe(
      'error: "\\u001b[31mred" does not exist [file-unreadable]',
    );
  });
  test("not for this user", () => {
    writeFileSync(join(bundle.folder, "secret.yaml"), "doors: {}");
    chmodSync(join(bundle.folder, "secret.yaml"), 0);
    chmodSync(bundle.folder, 0o755);
    // Root may read everything; nobody else may become nobody.
    const user = process.getuid?.() === 0 ? "setpriv --reuid=65534 --clear-groups " : "";
    const { exit, stderr } = bundle.shell(`${user}$postern compile secret.yaml`);
    expect([exit, stderr.split("\n")[0]]).toEqual([
      1,
      'error: "secret.yaml" may not be read by you [file-unreadable]',
    ]);
  });
});

describe("a stream that breaks", () => {
  test("a reader that has seen enough ends it quietly", () => {
    const ran = bundle.shell("{ $postern compile large.yaml; echo $? >&2; } | head -1");
    expect(ran).toEqual({ exit: 0, stdout: "#!/usr/sbin/nft -f\n", stderr: "0\n" });
  });

  test("a disk that is full is told in a line, and is no success", () => {
    const { exit, stderr } = bundle.shell("$postern compile large.yaml > /dev/full");
    expect([exit, stderr]).toEqual([
      3,
      "postern: cannot write the result: ENOSPC: no space left on device, write\n",
    ]);
  });

  test("a stdout that is closed is no stack trace", () => {
    expect(bundle.shell("$postern compile good.yaml >&-").stderr).toBe("");
  });

  test("a stderr that nobody reads changes no status", () => {
    const { exit } = bundle.shell("$postern compile wrong.yaml 2> /dev/full");
    expect(exit).toBe(1);
  });
});

describe("colour", () => {
  /** As on a terminal; what it shows comes with carriage returns. */
  const onTerminal = (environment: Readonly<Record<string, string>> = {}) =>
    bundle.shell('script -qec "$postern compile wrong.yaml" /dev/null', environment).stdout;

  test("is on a terminal", () =>
    expect(onTerminal({ NO_COLOR: "" })).toContain("\u001b[31merror:"));
  test("is not where NO_COLOR says so", () => {
    expect(onTerminal({ NO_COLOR: "1" })).toContain("error:");
    expect(onTerminal({ NO_COLOR: "1" })).not.toContain("\u001b");
  });
  test("is not in a pipe", () => {
    expect(bundle.shell("$postern compile wrong.yaml 2>&1 | cat").stdout).not.toContain("\u001b");
  });
});
