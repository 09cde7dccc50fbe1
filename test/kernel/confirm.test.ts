/** A new gate over the session that it guards: confirmed, not confirmed, and cut off. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import type { Host, Output, Running } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { type SshServer, startSshd } from "./services.ts";
import { until } from "./until.ts";

const POLICY =
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [21001, udp/24040, tcp/22777, tcp/26010] } } }\n";
const TRUSTING = `trusted: [10.91.0.1, "fd91::1"]\n${POLICY}`;
/** The same port twice, and the session comes to the second. */
const TWO = `doors:
  other: { protects: tcp/22, destinations: [192.0.2.1, "2001:db8::1"], sequence: { steps: [22001, udp/23040, tcp/22177, tcp/24010] } }
  ssh: { protects: tcp/22, destinations: [10.91.0.2, "fd91::2"], sequence: { steps: [21001, udp/24040, tcp/22777, tcp/26010] } }
`;
const SINGLE = POLICY.replace("protects: tcp/22", "protects: tcp/22, single-use: true");
const ON_IPTABLES = `backend: iptables\n${POLICY}`;
const KNOCK = ["21001", "24040:udp", "22777", "26010"];

let bundle: Bundle;
let network: Network;
let host: Host;
let sshd: SshServer;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  host = network.server;
  sshd = await startSshd(host);
  for (const [name, text] of Object.entries({ POLICY, TRUSTING, SINGLE, TWO, ON_IPTABLES })) {
    writeFileSync(`${bundle.folder}/${name}`, text);
  }
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await host.run(["nft", "flush", "ruleset"]);
  // The one that has brought a gate back may still write what it has done.
  await until("what was kept to be gone", async () => {
    const { status } = await host.run(["rm", "-rf", host.runFolder], { mayFail: true });
    return status === 0;
  });
});

function lineOf(line: string): string {
  const command = `POSTERN_RUN_DIR=${host.runFolder} ${process.execPath} ${bundle.file}`;
  return `cd ${bundle.folder}; ${line.replaceAll("$postern", command)}`;
}

/** A line of shell at the host's console in which `$postern` starts the command. */
function atConsole(line: string): Promise<Output> {
  return host.run(["sh", "-c", lineOf(line)], { mayFail: true });
}

const hasGate = async () => (await host.run(["nft", "list", "tables"])).stdout.includes("postern");
const untilGone = () => until("the gate to be gone", async () => !(await hasGate()));

/** A shell in an SSH session: what is written runs there. */
function openShell(address: string, flags?: readonly string[]): Running {
  return sshd.session(network.client, address, "sh", flags);
}

/** What a session prints after a line that was written to it, up to and with its exit status. */
async function say(session: Running, line: string): Promise<string> {
  const seen = session.stdout().length;
  session.write(`${lineOf(line)} 2>&1; echo "status $?"\n`);
  await until(`the end of ${line}`, () => /status \d+\n/.test(session.stdout().slice(seen)));
  return session.stdout().slice(seen);
}

describe("a gate that waits for its confirmation", () => {
  test("goes when the time is over, and its command did not wait for that", async () => {
    const { status, stderr } = await atConsole("$postern apply POLICY --confirm 2s");
    expect(status).toBe(0);
    expect(stderr).toContain("otherwise the previous gate is restored");
    expect(await hasGate()).toBe(true);
    await untilGone();
  });

  test("stays when it is confirmed at the console", async () => {
    const { stdout } = await atConsole(
      "$postern apply POLICY --confirm 60s >/dev/null && $postern status && $postern confirm",
    );
    expect(stdout).toMatch(/^not confirmed: in \d+ s the gate of before comes back\n/);
    expect(stdout).toMatch(/\nconfirmed: loaded for good\n$/);
    expect(await hasGate()).toBe(true);
    expect((await atConsole("$postern rollback")).stdout).toBe(
      "there is no gate any more, as before\n",
    );
  });

  test("cannot be changed by another administrator, who is told whose it is", async () => {
    await atConsole("USER=ada LOGNAME=ada $postern apply POLICY --confirm 1h");
    const { status, stderr } = await atConsole("$postern apply TRUSTING --no-confirm");
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /the gate of ada \(postern apply .*POLICY, process \d+\) waits for its confirmation for \d+ s more \[unconfirmed\]/,
    );
    await atConsole("$postern rollback");
    expect(await hasGate()).toBe(false);
    expect((await atConsole("$postern apply TRUSTING --no-confirm")).status).toBe(0);
  });

  test("is over when the gate is removed, and nothing comes back", async () => {
    await atConsole(
      "$postern apply TRUSTING --no-confirm; $postern apply POLICY --confirm 8s; $postern remove; sleep 9",
    );
    expect(await hasGate()).toBe(false);
  });

  test("is not there for who confirms too late or nothing", async () => {
    expect((await atConsole("$postern confirm")).stderr).toContain("[nothing-waits]");
  });

  test("keeps who is open, part way and banned when it goes", async () => {
    await atConsole("$postern apply POLICY --no-confirm");
    await atConsole("$postern apply TRUSTING --confirm 2s");
    await atConsole("$postern open ssh 192.0.2.7; $postern ban 192.0.2.8");
    await until("the policy without trust", async () => {
      const { stdout } = await host.run(["nft", "list", "table", "inet", "postern"]);
      return !stdout.includes("10.91.0.1");
    });
    const { stdout } = await atConsole("$postern status");
    expect(stdout).toContain("open to 192.0.2.7");
    expect(stdout).toContain("192.0.2.8");
  });
});

describe.each(FAMILIES)("over SSH, %s", (family) => {
  const address = () => network.link.server[family];

  test("an old session does not confirm, one that has knocked does", async () => {
    const old = openShell(address());
    const applied = await say(old, "$postern apply POLICY --confirm 1h");
    expect(applied).toContain("status 0");
    const refused = await say(old, "$postern confirm");
    expect(refused).toMatch(
      /older than the new gate, which would not let it in again; \d+ s are left \[old-connection\]/,
    );
    expect(refused).toContain("knock first, such as by `knock");
    expect(refused).toContain("status 1");
    // As it was said.
    const [, knock = ""] = /such as by `(knock [^`]*)`/.exec(refused) ?? [];
    await network.client.run(["sh", "-c", knock]);
    const fresh = openShell(address());
    expect(await say(fresh, "$postern confirm")).toContain("confirmed: loaded for good\nstatus 0");
    for (const session of [old, fresh]) await session.stop();
  });

  test("one that was let in by its one use confirms as well", async () => {
    await atConsole("$postern apply SINGLE --confirm 1h");
    await network.client.run([
      "knock",
      ...(family === "ipv6" ? ["-6"] : []),
      "-d",
      "20",
      address(),
      ...KNOCK,
    ]);
    const fresh = openShell(address());
    expect(await say(fresh, "$postern confirm")).toContain("status 0");
    await fresh.stop();
  });

  test("an old session from a trusted address confirms", async () => {
    const old = openShell(address());
    await say(old, "$postern apply TRUSTING --confirm 1h");
    expect(await say(old, "$postern confirm")).toContain("status 0");
    await old.stop();
  });
});

describe("over SSH, whatever its family", () => {
  const address = () => network.link.server.ipv6;

  test("how to knock is told of the door that the session came to, of two at one port", async () => {
    const old = openShell(address());
    await say(old, "$postern apply TWO --confirm 1h");
    const refused = await say(old, "$postern confirm");
    expect(refused).toContain(" 21001 24040:udp 22777 26010`");
    await old.stop();
  });

  test("an old session confirms anyway, when it is told to", async () => {
    const old = openShell(address());
    await say(old, "$postern apply POLICY --confirm 1h");
    expect(await say(old, "$postern confirm --anyway")).toContain("status 0");
    await old.stop();
  });

  test("a terminal that was kept from a session that is gone does not confirm", async () => {
    await atConsole("$postern apply POLICY --confirm 1h");
    const client = network.link.client.ipv6;
    const { status, stderr } = await atConsole(
      `SSH_CONNECTION="${client} 51234 ${address()} 22" $postern confirm`,
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("[unknown-connection]")]);
  });

  test("the wait is the default also where what is not a result goes to a file", async () => {
    const terminal = openShell(address(), ["-tt"]);
    terminal.write(`${lineOf("$postern apply TRUSTING 2>/dev/null")}; echo "status $?"\n`);
    await until("the gate", hasGate);
    expect((await atConsole("$postern status")).stdout).toMatch(/^not confirmed: in \d\d s /);
    await atConsole("$postern confirm");
    await until("the end of the wait", () => /status 0\r\n/.test(terminal.stdout()));
    expect(terminal.stdout()).not.toMatch(/\r\d+ s left/);
    await terminal.stop();
  });

  test("who types Ctrl-C while it counts down is told that the time runs on", async () => {
    const terminal = openShell(address(), ["-tt"]);
    terminal.write(`${lineOf("$postern apply POLICY --confirm 5s")}; echo "status $?"\n`);
    await until("a countdown", () => /\r\d s left/.test(terminal.stdout()));
    terminal.write("\u0003");
    await until("the end of the command", () => /status 1\r\n/.test(terminal.stdout()));
    expect(terminal.stdout()).toContain(
      "postern: the time runs on: `postern status` says how long",
    );
    expect(await hasGate()).toBe(true);
    await untilGone();
    await terminal.stop();
  });

  test("at a terminal the wait is the default, and counts down until it is confirmed", async () => {
    const terminal = openShell(address(), ["-tt"]);
    terminal.write(`${lineOf("$postern apply TRUSTING")}; echo "status $?"\n`);
    await until("a countdown", () => /\r5\d s left/.test(terminal.stdout()));
    const old = openShell(address());
    await say(old, "$postern confirm");
    await until("the end of the wait", () => /status 0\r\n/.test(terminal.stdout()));
    expect(terminal.stdout()).toContain("confirmed: loaded for good");
    for (const session of [old, terminal]) await session.stop();
  });
});

describe.each([
  ["nft", "ipv4"],
  ["legacy", "ipv6"],
] as const)("on iptables of the kind %s, over SSH and %s", (kind, family) => {
  /** As where links say which kind the host uses. */
  const ofKind = (line: string) =>
    `PATH=${linksTo(kind)}:$PATH; ${line.replace("POLICY", "ON_IPTABLES")}`;
  const status = async () => (await atConsole(ofKind("$postern status"))).stdout;

  test("an old session does not confirm, one that has knocked does", async () => {
    const address = network.link.server[family];
    const old = openShell(address);
    expect(await say(old, ofKind("$postern apply POLICY --confirm 1h"))).toContain(
      "the gate is up on iptables",
    );
    const refused = await say(old, ofKind("$postern confirm"));
    expect(refused).toContain("[old-connection]");
    const [, knock = ""] = /such as by `(knock [^`]*)`/.exec(refused) ?? [];
    await network.client.run(["sh", "-c", knock]);
    const fresh = openShell(address);
    expect(await say(fresh, ofKind("$postern confirm"))).toContain("status 0");
    expect(await status()).toMatch(/^ssh {2}open/);
    for (const session of [old, fresh]) await session.stop();
    await atConsole(ofKind("$postern remove"));
  });

  test("the gate of before comes back, with who was let in meanwhile", async () => {
    await atConsole(ofKind("$postern apply POLICY --no-confirm"));
    await atConsole(
      ofKind("sed s/21001/21003/ POLICY >CHANGED; $postern apply CHANGED --confirm 2s"),
    );
    await atConsole(ofKind("$postern open ssh 192.0.2.7 --for 99s; $postern ban 192.0.2.8"));
    await until("the steps of before", async () => {
      const { stdout } = await atConsole(ofKind("$postern explain 192.0.2.9"));
      return stdout.includes("21001");
    });
    expect(await status()).toMatch(/open to 192\.0\.2\.7, [\s\S]*192\.0\.2\.8/);
    await atConsole(ofKind("$postern remove"));
  });
});

/** A folder in which the programs of iptables lead to those of one kind. */
function linksTo(kind: "nft" | "legacy"): string {
  const folder = `${bundle.folder}/${kind}`;
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  for (const program of ["iptables", "ip6tables"]) {
    for (const end of ["", "-save", "-restore"]) {
      symlinkSync(`/usr/sbin/${program}-${kind}${end}`, `${folder}/${program}${end}`);
    }
  }
  return folder;
}

describe("whatever happens to who waits for a confirmation", () => {
  async function waitAtTerminal(): Promise<Running> {
    const terminal = openShell(network.link.server.ipv4, ["-tt"]);
    terminal.write(`${lineOf("$postern apply POLICY --confirm 3s")}\n`);
    await until("a countdown", () => /s left/.test(terminal.stdout()));
    return terminal;
  }

  test.each([
    ["its command", /postern\.mjs apply/],
    ["its shell", /^sh$/],
    ["its session", /^sshd: root@/],
    ["all of them", /postern\.mjs apply|^sh$|^sshd: root@/],
  ])("the death of %s does not keep it from going back", async (_, line) => {
    const terminal = await waitAtTerminal();
    expect(await hasGate()).toBe(true);
    expect(killThose(line)).toBeGreaterThan(0);
    await untilGone();
    await terminal.stop();
  });

  test("the end of its connection does not keep it from going back", async () => {
    const terminal = await waitAtTerminal();
    terminal.signal("SIGKILL");
    await terminal.ended;
    expect(await hasGate()).toBe(true);
    await untilGone();
  });
});

/** Kills (SIGKILL) what runs on the host under such a line; how many they are. */
function killThose(line: RegExp): number {
  const pids = execFileSync("ip", ["netns", "pids", host.namespace], { encoding: "utf8" });
  const meant = pids
    .split("\n")
    .filter((pid) => pid !== "" && line.test(lineOfProcess(pid)))
    .map(Number);
  for (const pid of meant) process.kill(pid, "SIGKILL");
  return meant.length;
}

function lineOfProcess(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
}
