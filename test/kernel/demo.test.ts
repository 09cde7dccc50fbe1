/** The demo keeps what it promises, and leaves nothing behind however it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { until } from "./until.ts";

let bundle: Bundle;
beforeAll(() => {
  bundle = makeBundle();
  // One test is no root.
  chmodSync(bundle.folder, 0o755);
});
afterAll(() => bundle.remove());

interface Demo {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** In the environment of all that it starts. */
  readonly mark: string;
  readonly ended: Promise<{ readonly status: number | null; readonly signal: string | null }>;
}

let started = 0;

function startDemo(
  { env = {}, uid = 0 } = {},
  argv: readonly string[] = [process.execPath, bundle.file, "demo"],
): Demo {
  const mark = `POSTERN_DEMO_TEST=${process.pid}-${started++}`;
  const [name = "", value] = mark.split("=");
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { uid, env: { ...process.env, ...env, [name]: value } });
  const printed = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    printed.stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    printed.stderr += chunk;
  });
  return {
    child,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    mark,
    ended: once(child, "close").then(([status, signal]) => ({ status, signal })),
  };
}

/** PATH with `programs` before all others. */
function pathWith(name: string, programs: Readonly<Record<string, string>>): string {
  const bin = join(bundle.folder, name);
  mkdirSync(bin);
  for (const [program, script] of Object.entries(programs)) {
    writeFileSync(join(bin, program), script, { mode: 0o755 });
  }
  return [bin, process.env["PATH"]].join(delimiter);
}

/** PATH with these programs and no others. */
function pathOfOnly(programs: readonly string[]): string {
  const bin = join(bundle.folder, "few");
  mkdirSync(bin);
  for (const program of programs) {
    const found = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].find((each) =>
      readdirSync(each).includes(program),
    );
    symlinkSync(join(found ?? "", program), join(bin, program));
  }
  return bin;
}

const NAMESPACES = ["mnt", "net", "pid"] as const;

/** The namespaces of every process of this machine that `isMeant` names. */
function namespacesOf(isMeant: (pid: string) => boolean): Set<string> {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return new Set(
    pids.flatMap((pid) => {
      try {
        return isMeant(pid) ? NAMESPACES.map((kind) => namespaceOf(pid, kind)) : [];
      } catch {
        return []; // Ended in between.
      }
    }),
  );
}

function namespaceOf(pid: string, kind: (typeof NAMESPACES)[number]): string {
  return readlinkSync(`/proc/${pid}/ns/${kind}`);
}

/** Those that the demo has made for itself: all that there are in its PID namespace. */
function namespacesMadeBy({ mark }: Demo): readonly string[] {
  const own = namespacesOf((pid) => pid === `${process.pid}`);
  const marked = namespacesOf((pid) =>
    readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark),
  );
  const its = namespacesOf((pid) => {
    const pidNamespace = namespaceOf(pid, "pid");
    return marked.has(pidNamespace) && !own.has(pidNamespace);
  });
  return [...its].filter((namespace) => !own.has(namespace));
}

/** What the demo may have touched outside of its namespaces. */
function surroundings(): unknown {
  return {
    folders: ["/run", "/etc", "/etc/ssh"].map((path) => readdirSync(path)),
    files: ["/etc/passwd", "/etc/shadow"].map((path) => readFileSync(path, "utf8")),
    mounts: readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .filter((line) => / \/(run|etc)(\/ssh|\/passwd|\/shadow)? /.test(line)),
  };
}

async function untilPlays(demo: Demo, text: string): Promise<void> {
  const holds = () => {
    const { exitCode, signalCode } = demo.child;
    const hasEnded = exitCode !== null || signalCode !== null;
    if (demo.stdout().includes(text)) return true;
    if (hasEnded) throw new Error(`it has ended: ${demo.stderr()}${demo.stdout()}`);
    return false;
  };
  await until(`"${text}"`, holds, 120);
}

/** A title that is shown while the friend is logged in. */
const SESSION_STANDS = "the door shuts by itself";

function expectNamespacesOf(demo: Demo): readonly string[] {
  const namespaces = namespacesMadeBy(demo);
  const countOf = (kind: string) => namespaces.filter((name) => name.startsWith(kind)).length;
  expect([countOf("pid"), countOf("net")], "of the whole; of sshd and of ssh").toEqual([1, 2]);
  return namespaces;
}

async function expectNothingLeft(namespaces: readonly string[]): Promise<void> {
  await until("the namespaces of the demo to be empty", () => {
    const left = namespacesOf(() => true);
    return namespaces.every((namespace) => !left.has(namespace));
  });
}

const STORY = [
  /attacker\$ nmap .* 192\.0\.2\.1\n +22\/tcp open +ssh +syn-ack/,
  /server# postern check obvious\.yaml\n +obvious.yaml:6:15: error: .* nmap -r .* \[opened-by-scan\]\n +.*fix/,
  /server# postern check policy\.yaml\n +ssh: none of \d+ scans opens it/,
  /server# postern apply policy\.yaml --confirm 3s\n +the gate is up on nftables\n/,
  /postern status\n( +not confirmed: .*\n)+ +error: there is no gate on this host/,
  /postern confirm\n +confirmed: loaded for good\n/,
  /nmap .* 192\.0\.2\.1\n +22\/tcp filtered +ssh +no-response/,
  /nmap .* -sF 192\.0\.2\.1\n +22\/tcp open\|filtered +ssh +no-response/,
  /nmap .* -sA 192\.0\.2\.1\n +22\/tcp filtered +ssh +no-response/,
  /nmap .* -6 2001:db8::1\n +22\/tcp filtered +ssh +no-response/,
  /postern status\n +ssh +shut\n/,
  /friend\$ knock .*\n( +hitting .*\n){3}/,
  /postern status\n +ssh +open\n +open to 198\.51\.100\.7, \d s left\n/,
  /friend@server\$ echo \$SSH_CONNECTION\n +198\.51\.100\.7 \d+ 192\.0\.2\.1 22\n/,
  /attacker\$ nmap .*\n +22\/tcp filtered +ssh +no-response/,
  // On a fast machine the door is still open when the attacker has found nothing, and then shuts.
  /postern status\n( +ssh +open\n +open to 198\.51\.100\.7, .*\n.*\n)? +ssh +shut\n/,
  /friend\$ nmap .*\n +22\/tcp filtered +ssh +no-response/,
  /friend@server\$ echo the session goes on\n +the session goes on\n/,
  /friend\$ knock -6 .*\n/,
  /friend\$ ssh .*\n +2001:db8:1::7 \d+ 2001:db8::1 22\n/,
  /nothing is left of them\.\n/,
];

/** Each piece of the story must come after the one before. */
function expectStory(text: string): void {
  let rest = text;
  for (const piece of STORY) {
    const found = piece.exec(rest);
    expect(found, `${piece} in\n${rest}`).not.toBeNull();
    rest = rest.slice((found?.index ?? 0) + (found?.[0].length ?? 0));
  }
}

describe("the demo", () => {
  test("tells the whole story, twice at once, and leaves nothing", async () => {
    const before = surroundings();
    const demos = [startDemo(), startDemo()];
    for (const demo of demos) await untilPlays(demo, SESSION_STANDS);
    // All in one look: the number of one that has gone may be given to another.
    const namespaces = demos.flatMap(expectNamespacesOf);
    expect(new Set(namespaces).size, "namespaces that they share").toBe(namespaces.length);
    for (const demo of demos) {
      expect(await demo.ended, demo.stderr()).toEqual({ status: 0, signal: null });
      expect(demo.stderr()).toBe("");
      expectStory(demo.stdout());
      expect(demo.stdout()).not.toContain("\u001b");
    }
    await expectNothingLeft(namespaces);
    expect(surroundings()).toEqual(before);
  });

  test("plays on a terminal, in colour", async () => {
    const command = `'${process.execPath}' '${bundle.file}' demo`;
    const demo = startDemo({ env: { NO_COLOR: "" } }, ["script", "-qec", command, "/dev/null"]);
    expect(await demo.ended).toEqual({ status: 0, signal: null });
    expect(demo.stdout()).toContain("\u001b[32mopen\u001b[0m");
  });

  test.each([
    ["SIGINT", "SIGTERM"],
    ["SIGHUP", "SIGKILL"],
  ] as const)("leaves nothing when %s or %s ends it", async (...signals) => {
    const before = surroundings();
    const demos = signals.map((signal) => ({ signal, demo: startDemo() }));
    const namespaces: string[] = [];
    for (const { demo } of demos) {
      await untilPlays(demo, SESSION_STANDS);
      namespaces.push(...expectNamespacesOf(demo));
    }
    for (const { signal, demo } of demos) {
      demo.child.kill(signal);
      // It ends by itself after that one, as a shell says of whoever dies of it (128 and 1).
      const end = signal === "SIGHUP" ? { status: 129, signal: null } : { status: null, signal };
      expect(await demo.ended).toEqual(end);
    }
    await expectNothingLeft(namespaces);
    expect(surroundings()).toEqual(before);
  });

  test("fails when the door does not open, and leaves nothing", async () => {
    const path = pathWith("mute", {
      knock: "#!/bin/sh\nfor port in 1 2 3; do echo hitting $port; done\n",
    });
    const before = surroundings();
    const demo = startDemo({ env: { PATH: path } });
    expect(await demo.ended).toEqual({ status: 1, signal: null });
    expect(demo.stderr()).toContain("it is not so that the door is open to the friend");
    expect(demo.stderr()).toContain("postern status");
    expect(surroundings()).toEqual(before);
  });
});

describe("the demo says in a line each what keeps it from starting:", () => {
  test("programs that are missing", async () => {
    const path = pathOfOnly(["nft", "ip", "ssh", "unshare"]);
    const demo = startDemo({ env: { PATH: path } });
    expect(await demo.ended).toEqual({ status: 3, signal: null });
    expect(demo.stderr()).toBe(
      "postern: there is no nmap; install it: apt-get install nmap\n" +
        "postern: there is no knock; install it: apt-get install knockd\n",
    );
    expect(demo.stdout()).toBe("");
  });

  test("a user who is not root", async () => {
    const demo = startDemo({ uid: 65534 });
    expect(await demo.ended).toEqual({ status: 3, signal: null });
    expect(demo.stderr()).toBe(
      "postern: this user may not make network namespaces; run it as root: sudo postern demo\n",
    );
  });

  test("namespaces that may not be made, as in most containers", async () => {
    const path = pathWith("caged", {
      unshare: "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n",
    });
    const demo = startDemo({ env: { PATH: path } });
    expect(await demo.ended).toEqual({ status: 3, signal: null });
    expect(demo.stderr()).toContain("unshare failed: Operation not permitted");
    expect(demo.stderr().trim().split("\n")).toHaveLength(1);
  });

  test("mounts that may not be made, and leaves nothing", async () => {
    const path = pathWith("fixed", {
      mount: "#!/bin/sh\necho 'mount: /run: permission denied.' >&2\nexit 32\n",
    });
    const demo = startDemo({ env: { PATH: path } });
    expect(await demo.ended).toEqual({ status: 3, signal: null });
    expect(demo.stderr()).toContain("mount: /run: permission denied.");
    expect(namespacesMadeBy(demo)).toEqual([]);
  });
});
