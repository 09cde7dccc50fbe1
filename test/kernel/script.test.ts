/** The script of a gate on a host without Postern: run twice, over others, refused, interrupted. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { printScript } from "../../src/backend/iptables/index.ts";
import { programOf } from "../setup/policy.ts";
import type { Host, Output } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";

const ONE = scriptOf(
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, udp/54040] } } }",
);
/** Other chains and other lists, and some that stay. */
const OTHER = scriptOf(
  "doors: { ssh: { protects: tcp/22, open-for: 1h }, vpn: { protects: udp/51820, single-use: true } }",
);

/** In both gates the list of who may come to the door ssh, and one that only the first has. */
const [GRANTS, STAGE] = ["postern-ssh_grants4-3600s", "postern-ssh_stage1_4-10s"].map(
  (start) => new RegExp(`--name (${start}-[0-9a-f]{8})`).exec(ONE)?.[1] ?? "",
);

function scriptOf(policyText: string): string {
  return printScript(programOf(policyText, "sources"));
}

type Kind = "nft" | "legacy";
const KINDS: readonly Kind[] = ["nft", "legacy"];

let network: Network;
let host: Host;
beforeAll(async () => {
  network = await makeNetwork();
});
afterAll(() => network.remove());
let hostsMade = 0;
beforeEach(async () => {
  host = await network.addHost(`script-${hostsMade++}`);
});

interface How {
  readonly kind?: Kind;
  readonly mayFail?: boolean;
  readonly shell?: readonly string[];
  readonly remove?: boolean;
  /** A folder with programs that stand in for the host's. */
  readonly path?: string;
  /** A line of shell that is run before, in a mount namespace of its own. */
  readonly first?: string;
}

async function run(script: string, how: How = {}): Promise<Output> {
  const { kind = "nft", mayFail = false, shell = ["sh"], remove = false, path, first } = how;
  const file = host.newPath("gate.sh");
  writeFileSync(file, script);
  const command = [...shell, file, ...(remove ? ["remove"] : [])];
  return host.run(
    [
      "env",
      `IPTABLES=iptables-${kind}`,
      ...(path === undefined ? [] : [`PATH=${path}:${process.env["PATH"]}`]),
      ...(first === undefined
        ? command
        : ["unshare", "--mount", "sh", "-ec", `${first}\nexec "$@"`, "sh", ...command]),
    ],
    { mayFail },
  );
}

/** A folder in which a program is a script; by default where it changes something, for IPv6. */
function insteadOfRestore(
  kind: Kind,
  lines: string,
  before = 'case "$*" in *--help* | *--test*) exec REAL ;; esac',
  program = `ip6tables-${kind}-restore`,
): string {
  const folder = host.newPath("programs");
  mkdirSync(folder);
  const file = `${folder}/${program}`;
  const real = `/usr/sbin/${program} "$@"`;
  writeFileSync(file, `#!/bin/sh\n${before}\n${lines}\n`.replaceAll("REAL", real));
  chmodSync(file, 0o755);
  return folder;
}

async function tables(kind: Kind, family: "" | "6" = "", flags: readonly string[] = []) {
  const program = `ip${family}tables-${kind}-save`;
  const { stdout } = await host.run([program, ...flags, "--table", "raw"]);
  return stdout.replaceAll(/^#.*\n/gm, "");
}

async function both(kind: Kind): Promise<string> {
  return (await tables(kind)) + (await tables(kind, "6"));
}

async function iptables(kind: Kind, line: string): Promise<void> {
  const words = line.split(" ").map((word) => word.replaceAll("_", " "));
  await host.run([`iptables-${kind}`, "-t", "raw", ...words]);
}

async function write(list: string | undefined, line: string): Promise<void> {
  await host.run(["tee", `/proc/net/xt_recent/${list}`], { stdin: line });
}

async function read(list: string | undefined): Promise<string> {
  return (await host.run(["cat", `/proc/net/xt_recent/${list}`])).stdout;
}

async function hasShell(shell: string): Promise<boolean> {
  return (await host.run(["sh", "-c", `command -v ${shell}`], { mayFail: true })).status === 0;
}

describe.each(KINDS)("iptables-%s", (kind) => {
  test("a second run changes nothing, and so do one of another policy and back, and other shells", async () => {
    await run(ONE, { kind });
    const once = await both(kind);
    expect(once.match(/^-A PREROUTING -j POSTERN$/gm)).toHaveLength(2);
    await write(GRANTS, "+192.0.2.7");
    expect((await run(ONE, { kind })).stderr).toBe("");
    expect(await both(kind)).toBe(once);
    await run(OTHER, { kind });
    expect(await both(kind)).not.toContain("knock");
    expect(await read(GRANTS)).toContain("192.0.2.7 ");
    for (const shell of [["dash"], ["bash", "--posix"], ["busybox", "sh"]]) {
      if (!(await hasShell(shell[0] ?? ""))) continue;
      await run(OTHER, { kind });
      await run(ONE, { kind, shell });
      expect(await both(kind)).toBe(once);
    }
  });

  test("what others have in the table stays as it was, whatever their chains are called", async () => {
    await iptables(kind, "-N POSTERNISH");
    await iptables(kind, "-N P*");
    await iptables(kind, "-A POSTERNISH -j P*");
    await iptables(kind, "-A PREROUTING -m comment --comment see_-j_POSTERN_there -j POSTERNISH");
    await iptables(kind, "-A PREROUTING -s 192.0.2.1 -j ACCEPT");
    const before = await both(kind);
    await run(ONE, { kind });
    const ours = /^(?:(?::|-A )POSTERN[- ].*|-A PREROUTING -j POSTERN)\n/gm;
    expect((await both(kind)).replaceAll(ours, "")).toBe(before);
    await run(ONE, { kind, remove: true });
    expect(await both(kind)).toBe(before);
  });

  test("a jump that is gone, doubled or elsewhere is one again, at the top", async () => {
    await run(ONE, { kind });
    const once = await both(kind);
    await iptables(kind, "-D PREROUTING -j POSTERN");
    await run(ONE, { kind });
    expect(await both(kind)).toBe(once);
    await iptables(kind, "-A PREROUTING -j POSTERN");
    await iptables(kind, "-A OUTPUT -p tcp -g POSTERN-headers");
    await iptables(kind, "-A PREROUTING -m comment --comment the_gate -j POSTERN");
    await run(ONE, { kind });
    expect(await both(kind)).toBe(once);
  });

  test("nothing is removed where nothing is, and nothing is made for it", async () => {
    await run(ONE, { kind, remove: true });
    expect((await host.run(["nft", "list", "ruleset"])).stdout).toBe("");
    expect(await both(kind)).not.toContain("POSTERN");
  });

  test("if IPv6 refuses, IPv4 is as it was: without a gate, and with another", async () => {
    const path = insteadOfRestore(kind, "exit 1");
    await iptables(kind, "-A PREROUTING -s 192.0.2.1 -j ACCEPT");
    const bare = await both(kind);
    const refused = await run(ONE, { kind, path, mayFail: true });
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain(`ip6tables-${kind} refused; iptables-${kind} is again what`);
    expect(await both(kind)).toBe(bare);
    await run(ONE, { kind });
    await iptables(kind, "-D PREROUTING -j POSTERN");
    await iptables(kind, "-A PREROUTING -p tcp -j POSTERN -c 7 420");
    const before = await tables(kind, "", ["--counters"]);
    expect((await run(OTHER, { kind, path, mayFail: true })).status).toBe(1);
    expect(await tables(kind, "", ["--counters"])).toBe(before);
  });

  test("what IPv6 would refuse is found before anything is changed, and nobody is forgotten", async () => {
    await run(ONE, { kind });
    await write(STAGE, "+192.0.2.7");
    const before = await both(kind);
    const unknown = OTHER.replace("\n-A POSTERN ", "\n-A POSTERN -6 -m unheard-of\n-A POSTERN ");
    const refused = await run(unknown, { kind, mayFail: true });
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain("nothing has been changed");
    expect(await both(kind)).toBe(before);
    expect(await read(STAGE)).toContain("192.0.2.7 ");
  });

  test("without IPv6 the gate is of IPv4 alone", async () => {
    const path = insteadOfRestore(kind, "exit 1");
    // The kernel of a test has IPv6. A /proc without any files has no /proc/net/if_inet6.
    await run(ONE, { kind, path, first: "mount -t tmpfs none /proc" });
    expect(await tables(kind)).toContain("-j POSTERN\n");
    expect(await tables(kind, "6")).not.toContain("POSTERN");
  });

  test("Ctrl-C, a hangup or a TERM between the families does not leave half a gate", async () => {
    const path = insteadOfRestore(kind, "kill -INT $PPID; kill -HUP $PPID; kill $PPID; exec REAL");
    await run(ONE, { kind, path });
    expect((await both(kind)).match(/^-A PREROUTING -j POSTERN$/gm)).toHaveLength(2);
  });

  test("after a kill between the families another run puts up the whole gate", async () => {
    await run(OTHER, { kind });
    const killed = run(ONE, { kind, path: insteadOfRestore(kind, "kill -KILL $PPID; exit 1") });
    await expect(killed).rejects.toThrow("SIGKILL");
    expect(await tables(kind)).toContain("knock_ssh");
    expect(await tables(kind, "6")).not.toContain("knock_ssh");
    await run(ONE, { kind });
    const after = await both(kind);
    host = await network.addHost(`script-${hostsMade++}`);
    await run(ONE, { kind });
    expect(await both(kind)).toBe(after);
  });

  test("a gate in the other kind is taken away, and who was open is open in this one", async () => {
    const other = kind === "nft" ? "legacy" : "nft";
    await run(ONE, { kind: other });
    await write(GRANTS, "+192.0.2.7");
    await run(ONE, { kind });
    expect(await both(other)).not.toContain("POSTERN");
    expect(await both(kind)).toContain("-j POSTERN\n");
    expect(await read(GRANTS)).toContain("192.0.2.7 ");
  });

  test("chains that only have our name are left alone", async () => {
    await iptables(kind, "-N POSTERN-mine");
    const before = await both(kind);
    for (const remove of [false, true]) {
      const refused = await run(ONE, { kind, remove, mayFail: true });
      expect(refused).toMatchObject({ status: 1 });
      expect(refused.stderr).toContain("that Postern did not make");
    }
    expect(await both(kind)).toBe(before);
  });
});

test("iptables-nft is silent about tables of the other kind", async () => {
  await iptables("legacy", "-A PREROUTING -s 192.0.2.1 -j ACCEPT");
  expect(await run(ONE)).toMatchObject({ stdout: "", stderr: "" });
  expect(await run(ONE, { remove: true })).toMatchObject({ stdout: "", stderr: "" });
});

test("the lock of iptables-legacy is waited for", async () => {
  const first = `mount -t tmpfs none /run
    flock /run/xtables.lock sleep 1 &
    while flock --nonblock /run/xtables.lock true; do :; done`;
  // Without a time some releases of iptables fail at once, and some wait for ever.
  const path = insteadOfRestore("legacy", 'case "$*" in *--wait=10*) exec REAL ;; esac; exit 1');
  await run(ONE, { kind: "legacy", first, path });
  expect(await tables("legacy", "6")).toContain("-j POSTERN\n");
});

test("an iptables from before that lock is not told to wait", async () => {
  const old = 'case "$*" in *--help*) exit 1 ;; *--wait*) exit 2 ;; esac; exec REAL';
  const path = insteadOfRestore("legacy", old, "", "iptables-legacy-restore");
  await run(ONE, { kind: "legacy", path });
  expect(await tables("legacy")).toContain("-j POSTERN\n");
});

test("without privileges, or with words that it does not know, it says what is wrong", async () => {
  const unprivileged = await run(ONE, {
    shell: ["setpriv", "--bounding-set=-all", "sh"],
    mayFail: true,
  });
  expect(unprivileged).toMatchObject({ status: 1 });
  expect(unprivileged.stderr).toContain("nothing has been changed");
  const asked = await run(ONE, { shell: ["sh", "-c", 'sh "$0" delete'], mayFail: true });
  expect(asked).toMatchObject({ status: 2 });
  expect(asked.stderr).toContain("[remove]");
});
