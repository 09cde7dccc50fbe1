/** `./dev install` and `./dev uninstall` in a folder: what they put where, and that nothing is lost. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { VERSION } from "../src/cli/program.ts";

let folder: string;
/** Made once, and installed again and again. */
let bundle: string;
let destdir: string;
let made = 0;

type Environment = Readonly<Record<string, string>>;

function run(argv: readonly string[], environment: Environment = {}) {
  const [program = "", ...args] = argv;
  const env = { ...process.env, DESTDIR: destdir, ...environment };
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  return { status, stdout, stderr };
}

const put = (environment?: Environment) => run(["tools/install", "put", bundle], environment);
const take = (environment?: Environment) => run(["tools/install", "take"], environment);

/** All that is there, with modes and where links lead; `contents`: and what is in it. */
function tree({ contents = false } = {}): string {
  const look = contents ? "-type f -exec cksum {} +" : "-printf '%P %M %l\\n'";
  return run(["sh", "-c", `cd "$DESTDIR" && find . ${look} | sort`]).stdout;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-install-"));
  destdir = join(folder, "first");
  expect(run(["./dev", "install"]).status).toBe(0);
  bundle = join(destdir, "usr/local/lib/postern");
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  // Not a name that a shell takes for one word.
  destdir = join(folder, `host ${made++}`);
  mkdirSync(join(destdir, "usr/local/bin"), { recursive: true });
  writeFileSync(join(destdir, "usr/local/bin/other"), "");
});

test("what is installed runs, and is what the units and the manual's readers look for", () => {
  const { stderr } = put();
  expect(stderr).toContain("none is enabled or started");
  expect(stderr).toContain("next: postern init && postern check && postern apply\n");
  expect(run([`${destdir}/usr/local/bin/postern`, "--version"]).stdout).toBe(`${VERSION}\n`);
  expect(tree()).toMatch(/^etc\/postern drwx------ $/m);
  for (const file of ["lib/systemd/system/postern.service", "share/man/man8/postern.8"]) {
    expect(existsSync(`${destdir}/usr/local/${file}`)).toBe(true);
  }
  for (const unit of ["postern.service", "postern-agent.service", "postern-refill.service"]) {
    const text = readFileSync(`${destdir}/usr/local/lib/systemd/system/${unit}`, "utf8");
    const [, program = ""] = /^ExecStart=(\S+)/m.exec(text) ?? [];
    expect(existsSync(destdir + program)).toBe(true);
  }
});

test("uninstall takes all of it, and nothing else", () => {
  const before = tree();
  put();
  expect(take()).toMatchObject({
    status: 0,
    stderr: `dev: uninstalled from ${destdir}/usr/local\n`,
  });
  expect(tree()).toBe(before);
});

test("where fail2ban is, it gets its filter, its jail and an action with the command's path", () => {
  put();
  expect(existsSync(`${destdir}/etc/fail2ban`)).toBe(false);
  mkdirSync(join(destdir, "etc/fail2ban/action.d"), { recursive: true });
  writeFileSync(join(destdir, "etc/fail2ban/jail.local"), "");
  put({ PREFIX: "/opt" });
  const action = readFileSync(`${destdir}/etc/fail2ban/action.d/postern.conf`, "utf8");
  expect(action).toContain("\npostern = /opt/bin/postern\n");
  for (const folder of ["filter.d", "jail.d"]) {
    expect(existsSync(`${destdir}/etc/fail2ban/${folder}/postern.conf`)).toBe(true);
  }
  take({ PREFIX: "/opt" });
  expect(tree()).toMatch(/^etc\/fail2ban\/jail\.local /m);
  expect(tree()).not.toMatch(/^etc\/fail2ban\/.*postern/m);
});

test("the policy and the keys stay, and it is said", () => {
  put();
  writeFileSync(`${destdir}/etc/postern/policy.yaml`, "doors: {}\n");
  expect(put().stderr).toContain("next: postern check && postern apply\n");
  expect(take().stderr).toContain(
    "/etc/postern stays, with the policy and the keys that are in it\n",
  );
  expect(readFileSync(`${destdir}/etc/postern/policy.yaml`, "utf8")).toBe("doors: {}\n");
});

test("installed twice it is as it was after the first time", () => {
  put();
  const once = tree() + tree({ contents: true });
  expect(put().status).toBe(0);
  expect(tree() + tree({ contents: true })).toBe(once);
});

test("over an older release nothing of that is left, and all goes with the newer one", () => {
  const before = tree();
  put();
  const list = `${destdir}/usr/local/lib/postern/installed`;
  const old = "/usr/local/lib/postern/chunks/of-the-older-one.js";
  writeFileSync(destdir + old, "");
  writeFileSync(list, `${readFileSync(list, "utf8")}${old}\n`);
  put();
  expect(existsSync(destdir + old)).toBe(false);
  take();
  expect(tree()).toBe(before);
});

test("what others put there is not replaced, and nothing else is installed then", () => {
  writeFileSync(`${destdir}/usr/local/bin/postern`, "of somebody else");
  const before = tree({ contents: true }) + tree();
  const { status, stderr } = put();
  expect([status, stderr]).toEqual([
    3,
    "dev: not installed by this, and so left as it is: /usr/local/bin/postern; move it away first\n",
  ]);
  expect(tree({ contents: true }) + tree()).toBe(before);
});

describe("interrupted half way", () => {
  /** Programs in the place of the real ones, of which the nth `mv` is the end of all. */
  const interruptedAt = (nth: number): Environment => {
    const programs = join(folder, `programs-${made++}`);
    mkdirSync(programs);
    writeFileSync(
      `${programs}/mv`,
      `#!/bin/sh\necho >> ${programs}/count\n[ $(wc -l < ${programs}/count) -lt ${nth} ] || kill -9 $PPID\nexec /bin/mv "$@"\n`,
    );
    chmodSync(`${programs}/mv`, 0o755);
    return { PATH: `${programs}:${process.env["PATH"]}` };
  };

  test.each([1, 20])("at step %i, it can be done again, and undone", (nth) => {
    const before = tree();
    put(interruptedAt(nth));
    put();
    expect(run([`${destdir}/usr/local/bin/postern`, "--version"]).stdout).toBe(`${VERSION}\n`);
    expect(tree()).not.toContain(".new");
    take();
    expect(tree()).toBe(before);
  });

  test.each([2, 20])("at step %i, it can be undone as it is", (nth) => {
    const before = tree();
    put(interruptedAt(nth));
    take();
    expect(tree()).toBe(before);
  });
});

describe("PREFIX", () => {
  test("is where everything goes, and what the units name", () => {
    put({ PREFIX: "/opt/postern" });
    const unit = readFileSync(`${destdir}/etc/systemd/system/postern-agent.service`, "utf8");
    expect(unit).toContain("ExecStart=/opt/postern/bin/postern agent\n");
    expect(unit).not.toContain("/usr/local");
    take({ PREFIX: "/opt/postern" });
    expect(existsSync(`${destdir}/etc`)).toBe(false);
  });

  test.each(["usr", "/usr/", "/", "/a b", "/a|b", "/a\nb"])("as %j is refused", (prefix) => {
    const before = tree();
    const { status, stderr } = put({ PREFIX: prefix });
    expect([status, stderr]).toEqual([3, expect.stringMatching(/^dev: PREFIX is '/)]);
    expect(tree()).toBe(before);
  });
});

test("where nothing was installed there is nothing to take away", () => {
  const { status, stderr } = take({ PREFIX: "/opt" });
  expect([status, stderr]).toEqual([
    3,
    `dev: nothing was installed below ${destdir}/opt (PREFIX and DESTDIR say where)\n`,
  ]);
});

test("a node that units would not find is named by the command", () => {
  const own = join(folder, "node");
  if (!existsSync(own)) symlinkSync(process.execPath, own);
  const { stderr } = put({ PATH: `${folder}:${process.env["PATH"]}` });
  expect(stderr).toContain(`node is ${own}, which systemd and sudo would not find`);
  const text = readFileSync(`${destdir}/usr/local/lib/postern/postern.js`, "utf8");
  expect(text.split("\n")[0]).toBe(`#!${own}`);
});
