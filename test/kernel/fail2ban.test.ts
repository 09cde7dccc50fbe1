/** A real fail2ban beside a gate: it reads what the gate writes, and bans at the gate. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readStatus } from "../../src/gate/index.ts";
import { FAMILIES, parsePrefix, printPrefix } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { sure } from "../setup/sure.ts";
import { clientOn } from "./client.ts";
import { type Fail2ban, keepLog, startFail2ban } from "./fail2ban.ts";
import { loadGate, removeGate } from "./gate.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { canConnect, startSshd } from "./services.ts";
import { until } from "./until.ts";

const POLICY = `
log: true
doors:
  ssh:
    protects: tcp/22
    open-for: 1h
    sequence: { steps: [tcp/21001, tcp/24040, tcp/22777] }
`;
const RIGHT = ["21001", "24040", "22777"];
const WRONG = ["21001", "22777"];

/** Of network namespaces other than the first, the kernel writes lines only with this. */
const ALL_NAMESPACES = "net.netfilter.nf_log_all_netns";

let network: Network;
let bundle: Bundle;
let fail2ban: Fail2ban;
let before = "";
let sshdLog: string;
beforeAll(async () => {
  before = execFileSync("sysctl", ["-n", ALL_NAMESPACES], { encoding: "utf8" }).trim();
  execFileSync("sysctl", ["-q", "-w", `${ALL_NAMESPACES}=1`]);
  bundle = makeBundle();
  network = await makeNetwork();
  const { server } = network;
  const kernelLog = server.newPath("kern.log");
  sshdLog = server.newPath("auth.log");
  keepLog(server, ["dmesg", "--follow-new"], "kernel", kernelLog);
  await startSshd(server, [22], (argv) => keepLog(server, argv, "sshd[77]", sshdLog));
  const action = `postern[postern="${process.execPath} ${bundle.file}"]`;
  fail2ban = await startFail2ban(
    server,
    `[postern]
enabled = true
backend = polling
logpath = ${kernelLog}
action = ${action}
maxretry = 3

[sshd]
enabled = true
backend = polling
logpath = ${sshdLog}
action = ${action}
maxretry = 3
`,
  );
}, 60_000);
afterAll(() => {
  execFileSync("sysctl", ["-q", "-w", `${ALL_NAMESPACES}=${before}`]);
  network.remove();
  bundle.remove();
});
beforeEach(() => loadGate(network.server, POLICY));
afterEach(async () => {
  await fail2ban.client("unban", "--all");
  await removeGate(network.server);
});

const knock = (address: string, ports: readonly string[]) =>
  network.client.run(["knock", "-d", "50", address, ...ports]);

/** The addresses that the gate has banned. */
async function bannedAtGate(): Promise<readonly string[]> {
  const { banned } = sure(await readStatus(liveHost(network.server)));
  return banned.map(({ source }) => source);
}

function networkOf(address: string): string {
  const prefix = parsePrefix(`${address}/64`);
  if (prefix === undefined) throw new Error(`networkOf: ${address} is no address`);
  return printPrefix(prefix);
}

async function untilBanned(): Promise<void> {
  await until("a ban at the gate", async () => (await bannedAtGate()).length > 0);
}

async function untilPardoned(): Promise<void> {
  await until("the end of the ban", async () => (await bannedAtGate()).length === 0);
}

async function guessPasswords(address: string): Promise<void> {
  for (const name of ["admin", "oracle", "test"]) {
    await network.client.run(
      [
        ...["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"],
        ...["-o", "UserKnownHostsFile=/dev/null", `${name}@${address}`],
      ],
      { mayFail: true },
    );
  }
}

describe.each(FAMILIES)("over %s", (family) => {
  const server = () => network.link.server[family];
  const client = () => network.link.client[family];
  const reaches = () => canConnect(network.client, server(), 22);

  test("who makes wrong steps again and again is banned, and after a pardon may knock", async () => {
    for (const ports of [WRONG, WRONG, WRONG]) await knock(server(), ports);
    await untilBanned();
    await knock(server(), RIGHT);
    expect(await reaches()).toBe(false);
    await fail2ban.client("set", "postern", "unbanip", client());
    await untilPardoned();
    await knock(server(), RIGHT);
    expect(await reaches()).toBe(true);
  });

  test("who has knocked and then guesses passwords is out, and has to knock again after a pardon", async () => {
    await knock(server(), RIGHT);
    await guessPasswords(server());
    await untilBanned();
    expect(await bannedAtGate()).toEqual([family === "ipv4" ? client() : networkOf(client())]);
    expect(await reaches()).toBe(false);
    await fail2ban.client("set", "sshd", "unbanip", client());
    await untilPardoned();
    expect(await reaches()).toBe(false);
    await knock(server(), RIGHT);
    expect(await reaches()).toBe(true);
  });
});

describe("who knocks and looks whether the door is open, with `mode = aggressive`,", () => {
  /** Of whom the filter has found what in the lines of sshd since the file had that many characters. */
  async function attackersSince(length: number): Promise<readonly string[]> {
    const file = network.server.newPath("since");
    writeFileSync(file, readFileSync(sshdLog, "utf8").slice(length));
    const { stdout } = await network.server.run([
      ...["fail2ban-regex", "-c", fail2ban.folder, "--out", "ip", file],
      "sshd[mode=aggressive]",
    ]);
    return stdout.split("\n").filter(Boolean);
  }

  test("is no attacker, while somebody who connects and goes is one", async () => {
    const { client, link } = network;
    const { postern, knows } = clientOn(client, bundle);
    // While it waits for the address that nobody has, sshd has time to wonder who is there.
    nameHosts(client, { "gate.test": [link.server.ipv4, link.server.ipv6, "10.91.0.99"] });
    knows({ "gate.test": POLICY.replace("log: true", "") });
    const before = readFileSync(sshdLog, "utf8").length;
    for (let n = 0; n < 5; n++) {
      const { status, stdout } = await postern("knock gate.test");
      expect([status, stdout]).toEqual([
        0,
        expect.stringMatching(/: (10.91.0.2 and fd91::2|fd91::2 and 10.91.0.2) \(/),
      ]);
    }
    for (const family of FAMILIES) {
      expect(await canConnect(client, link.server[family], 22)).toBe(true);
      await until("sshd to have written of it", async () =>
        (await attackersSince(before)).includes(link.client[family]),
      );
    }
    expect(await attackersSince(before)).toHaveLength(2);
  });
});

const BANNED = "192.0.2.7";

test("its end lifts its bans and leaves the gate as it is, and its beginning brings them back", async () => {
  await fail2ban.client("set", "sshd", "banip", BANNED);
  await untilBanned();
  await fail2ban.stop();
  expect(await bannedAtGate()).toEqual([]);
  const { ipv4 } = network.link.server;
  expect(await canConnect(network.client, ipv4, 22)).toBe(false);
  await knock(ipv4, RIGHT);
  expect(await canConnect(network.client, ipv4, 22)).toBe(true);
  await fail2ban.start();
  await untilBanned();
  expect(await bannedAtGate()).toEqual([BANNED]);
});

test("a gate that is gone does not stop it, and one that comes has the bans from then on", async () => {
  await removeGate(network.server);
  await fail2ban.client("set", "sshd", "banip", "192.0.2.8");
  await until("the ban to be in vain", () => fail2ban.log().includes("there is no gate"));
  expect(await fail2ban.isAlive()).toBe(true);
  await loadGate(network.server, POLICY);
  await fail2ban.client("set", "sshd", "banip", BANNED);
  await untilBanned();
  expect(await bannedAtGate()).toEqual([BANNED]);
});

describe("the filter", () => {
  const LINES = [
    "Nov 25 13:00:01 gate kernel: [12345.678901] postern: wrong door=ssh IN=eth0 OUT= MAC=02:00:00:00:00:02:02:00:00:00:00:01:08:00 SRC=10.91.0.1 DST=10.91.0.2 LEN=60",
    "2026-11-25T13:00:01.123456+00:00 gate kernel: postern: wrong door=ssh IN=eth0 OUT= MAC=02:00:00:00:00:02 SRC=fd91:0000:0000:0000:0000:0000:0000:0001 DST=fd91:0000:0000:0000:0000:0000:0000:0002 LEN=80",
    "Nov 25 13:00:01 gate kernel: [    5.678901] postern: wrong door=ssh IN=wg0 OUT= MAC= SRC=10.91.0.3 DST=10.91.0.2 LEN=60",
    "Nov 25 13:00:01 gate kernel: [12345.678901] postern: refused door=ssh IN=eth0 OUT= MAC= SRC=10.91.0.4 DST=10.91.0.2 LEN=60",
    "Nov 25 13:00:01 gate kernel: [12345.678901] postern: open door=ssh IN=eth0 OUT= MAC= SRC=10.91.0.5 DST=10.91.0.2 LEN=60",
    // What somebody else can have written.
    "Nov 25 13:00:01 gate nginx: GET /kernel: postern: wrong door=ssh IN=eth0 OUT= SRC=10.66.0.1 DST=10.91.0.2",
    "Nov 25 13:00:01 gate sshd[77]: Invalid user kernel: postern: wrong door=ssh IN= SRC=10.66.0.2 DST=1 from 10.91.0.6",
    "Nov 25 13:00:01 gate sshd[77]: postern: wrong door=ssh IN=eth0 OUT= SRC=10.66.0.3 DST=10.91.0.2",
  ];
  const WRONG_STEPS = ["10.91.0.1", "fd91::1", "10.91.0.3"];

  test.each([
    ["wrong", WRONG_STEPS],
    ["refused", ["10.91.0.4"]],
    ["all", [...WRONG_STEPS, "10.91.0.4"]],
  ])("finds in mode %s who it is about, and in nobody else's lines", async (mode, found) => {
    const file = network.server.newPath("lines");
    writeFileSync(file, LINES.map((line) => `${line}\n`).join(""));
    const { stdout } = await network.server.run([
      ...["fail2ban-regex", "-c", fail2ban.folder, "--out", "ip", file],
      `postern[mode=${mode}]`,
    ]);
    expect(stdout.trim().split("\n").toSorted()).toEqual(found.toSorted());
  });
});
