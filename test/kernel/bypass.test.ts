/**
 * Ways past a gate that no rule of it can see: what check, apply, status and explain say of them,
 * beside packets that show that it is so.
 *
 *     client eth0 ──── eth0 ┐          ┌ eth2 ──── eth0 guest
 *                      vmbr0: 10.91.0.2, fd91::2
 *     client eth1 ──── eth1 on the server, with a macvlan for a container
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findBypasses, readPaths } from "../../src/gate/check/bypass/index.ts";
import { applyPolicy, readExplanation, readStatus } from "../../src/gate/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import type { Host, Output } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { addressOf, makeNetwork, type Network } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";

const SEQUENCE = "sequence: { steps: [21001, udp/24040, tcp/22777] }";
const OWN = `doors: { ssh: { protects: tcp/22, ${SEQUENCE} } }\n`;
const doorTo = (...destinations: readonly string[]) =>
  `doors: { guest: { protects: tcp/22, destinations: ${JSON.stringify(destinations)}, ${SEQUENCE} } }\n`;

const ON_BRIDGE = { ipv4: "10.91.0.2", ipv6: "fd91::2" };
const GUEST = { ipv4: "10.91.0.5", ipv6: "fd91::5" };
const CONTAINER = { ipv4: "10.91.1.5", ipv6: "fd91:0:0:1::5" };

let bundle: Bundle;
let network: Network;
let client: Host;
let host: Host;
let guest: Host;
let container: Host;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork({ links: 2 });
  ({ client, server: host } = network);
  guest = await network.addHost("guest");
  container = await network.addHost("container");
  await network.join(host, guest, 7);
  await makeBridge();
  await makeMacvlan("mv0", container, CONTAINER);
  for (const one of [host, guest, container])
    await listenOnBoth(one, { protocol: "tcp", port: 22 });
});
afterEach(async () => {
  await host.run(["nft", "flush", "ruleset"]);
});
afterAll(() => {
  network.remove();
  bundle.remove();
});

async function ip(on: Host, ...commands: readonly string[]): Promise<void> {
  await on.run(["ip", "-batch", "-"], { stdin: `${commands.join("\n")}\n` });
}

async function makeBridge(): Promise<void> {
  await ip(
    host,
    ...["link add vmbr0 type bridge", "link set vmbr0 up"],
    ...["eth0", "eth2"].flatMap((port) => [
      `addr flush dev ${port}`,
      `link set ${port} master vmbr0`,
    ]),
    ...[`addr add ${ON_BRIDGE.ipv4}/24 dev vmbr0`, `addr add ${ON_BRIDGE.ipv6}/64 dev vmbr0 nodad`],
    ...["route replace default via 10.91.0.1", "route replace default via fd91::1"],
  );
  // So that mv1 alone answers for its address.
  await host.run(["sysctl", "-q", "-w", "net.ipv4.conf.all.arp_ignore=1"]);
  await showBridged(0);
  await ip(guest, `addr add ${GUEST.ipv4}/24 dev eth0`, `addr add ${GUEST.ipv6}/64 dev eth0 nodad`);
}

async function showBridged(value: 0 | 1): Promise<void> {
  const names = ["iptables", "ip6tables"].map((name) => `net.bridge.bridge-nf-call-${name}`);
  await host.run(["sysctl", "-q", "-w", ...names.map((name) => `${name}=${value}`)]);
}

async function makeMacvlan(
  name: string,
  to: Host,
  addresses: Readonly<Record<Family, string>>,
): Promise<void> {
  await ip(host, `link add ${name} link eth1 type macvlan mode bridge`);
  if (to !== host) await ip(host, `link set ${name} netns ${to.namespace}`);
  await ip(
    to,
    `link set ${name} up`,
    `addr add ${addresses.ipv4}/24 dev ${name}`,
    `addr add ${addresses.ipv6}/64 dev ${name} nodad`,
  );
}

function postern(...args: readonly string[]): Promise<Output> {
  return host.run([process.execPath, bundle.file, ...args], { mayFail: true });
}

/** The path of a policy with this text. */
function file(policy: string): string {
  const path = join(bundle.folder, "policy.yaml");
  writeFileSync(path, policy);
  return path;
}

/** What check says of ways past the gate: `severity code: what`. */
async function found(policy: string): Promise<string[]> {
  const placed = sure(parsePlacedPolicy(policy, "policy.yaml"));
  const problems = findBypasses(placed, await readPaths(liveHost(host), placed.policy));
  return problems.map(({ severity, code, what }) => `${severity} ${code}: ${what}`);
}

/** As `apply --anyway` does. */
async function load(policy: string): Promise<void> {
  const written = { file: "policy.yaml", text: policy };
  sure(await applyPolicy(liveHost(host), policyOf(policy), { written }));
}

async function statusSays() {
  return sure(await readStatus(liveHost(host))).bypasses ?? [];
}

/** By which interface explain takes the client to come, and what it says of a new connection. */
async function explained(family: Family, link = 0) {
  const source = addressOf(network.links[link]?.client[family] ?? "");
  const { comesBy, doors } = sure(await readExplanation(liveHost(host), "policy.yaml", source));
  return [comesBy, doors[0]?.visits[0]?.why];
}

/** Over which families the client gets a connection to port 22 without a knock. */
async function openTo(addresses: Readonly<Record<Family, string>>): Promise<Family[]> {
  const could = await Promise.all(
    FAMILIES.map((family) => canConnect(client, addresses[family], 22)),
  );
  return FAMILIES.filter((_, index) => could[index]);
}

describe("a gate on a port of a bridge", () => {
  const policy = `interfaces: [eth0]\n${OWN}`;
  const what =
    "eth0 is a port of the bridge vmbr0: its packets come in by the name vmbr0, which `interfaces` does not cover, and get past the gate";

  test("sees no packet, and apply refuses it with the line", async () => {
    expect(await found(policy)).toContain(`error port-of-bridge: ${what}`);
    const { status, stderr } = await postern("apply", file(policy));
    expect(status).toBe(1);
    expect(stderr).toContain("policy.yaml:1:14: error: eth0 is a port of the bridge vmbr0");
    await load(policy);
    expect(await openTo(ON_BRIDGE)).toEqual(FAMILIES);
    expect(await statusSays()).toContainEqual(
      expect.objectContaining({ code: "port-of-bridge", what }),
    );
    for (const family of FAMILIES) {
      expect(await explained(family)).toEqual(["vmbr0", "other-interface"]);
    }
    const { stdout } = await postern("status");
    expect(stdout).toContain(`past the gate\n  ${what}\n`);
  });

  test("with the bridge beside it holds, and nothing is said", async () => {
    const mended = `interfaces: [eth0, vmbr0]\n${OWN}`;
    expect((await found(mended)).filter((line) => line.includes("bridge"))).toEqual([]);
    await load(mended);
    expect(await openTo(ON_BRIDGE)).toEqual([]);
    expect(await explained("ipv4")).toEqual(["vmbr0", "no-grant"]);
  });
});

describe("a door before a guest of a bridge", () => {
  const policy = doorTo(GUEST.ipv4, GUEST.ipv6);

  test("is open where the bridge shows the firewall nothing, and all say so", async () => {
    const whats = FAMILIES.map(
      (family) =>
        `packets to ${GUEST[family]}, before which door guest stands, do not pass the gate: bridge vmbr0 hands them from port to port`,
    );
    expect(await found(policy)).toEqual(whats.map((what) => `error guest-not-gated: ${what}`));
    expect((await postern("apply", file(policy))).status).toBe(1);
    await load(policy);
    expect(await openTo(GUEST)).toEqual(FAMILIES);
    expect((await statusSays()).map((told) => told.what)).toEqual(whats);
    for (const family of FAMILIES) {
      expect(await explained(family)).toEqual(["vmbr0", "past-gate"]);
    }
    const { stdout } = await postern("explain", network.link.client.ipv6);
    expect(stdout).toContain("tcp/22  not refused: packets to this guest do not pass the gate\n");
  });

  test("is shut where the bridge shows the firewall what it forwards", async () => {
    await showBridged(1);
    expect(await found(policy)).toEqual([]);
    await load(policy);
    expect(await openTo(GUEST)).toEqual([]);
    expect(await explained("ipv6")).toEqual(["vmbr0", "no-grant"]);
    await showBridged(0);
  });
});

describe("a container with an address of its own by macvlan", () => {
  test("is open behind a door before it, and all say so", async () => {
    const policy = doorTo(CONTAINER.ipv4, CONTAINER.ipv6);
    const whats = FAMILIES.map(
      (family) =>
        `packets to ${CONTAINER[family]}, before which door guest stands, do not pass the gate: a container has that address by a macvlan on eth1, which takes them from the wire`,
    );
    expect(await found(policy)).toEqual(whats.map((what) => `error guest-not-gated: ${what}`));
    await load(policy);
    expect(await openTo(CONTAINER)).toEqual(FAMILIES);
    expect((await statusSays()).map((told) => told.what)).toEqual(whats);
    for (const family of FAMILIES) {
      expect(await explained(family, 1)).toEqual(["eth1", "past-gate"]);
      // Who comes by the bridge is routed, and so the gate sees it.
      expect(await explained(family)).toEqual(["vmbr0", "no-grant"]);
    }
  });

  test("with a service that a door is before is told of, once", async () => {
    expect(await found(OWN)).toEqual([
      "warning container-not-gated: a container has 10.91.1.5 and fd91:0:0:1::5 by a macvlan on eth1, and tcp/22 open there: door ssh does not protect it, for packets to it do not pass the gate",
    ]);
    expect(await found(OWN.replace("tcp/22", "tcp/23"))).toEqual([]);
  });

  test("that is the host's own is covered by its own name alone", async () => {
    const own = { ipv4: "10.91.1.6", ipv6: "fd91:0:0:1::6" };
    await makeMacvlan("mv1", host, own);
    const policy = (list: string) => `interfaces: ${list}\n${OWN}`;
    const uncovered = (lines: readonly string[]) => lines.filter((line) => line.includes("mv1"));
    expect(uncovered(await found(policy("[eth1, vmbr0]")))).toEqual([
      "warning macvlan-uncovered: mv1 is a macvlan on eth1: packets to its address come in by the name mv1, which `interfaces` does not cover, and get past the gate",
    ]);
    await load(policy("[eth1, vmbr0]"));
    expect(await openTo(own)).toEqual(FAMILIES);
    for (const list of ['["eth*", vmbr0, "mv*"]', '[eth1, vmbr0, "!mv1"]']) {
      expect(uncovered(await found(policy(list)))).toEqual([]);
    }
    await load(policy('["eth*", vmbr0, "mv*"]'));
    expect(await openTo(own)).toEqual([]);
    await ip(host, "link del mv1");
  });
});

describe("a link that comes later", () => {
  const LINK = { ipv4: "10.91.9.2", ipv6: "fd91:0:0:9::2" };
  const rename = (from: string, to: string) =>
    ip(
      host,
      ...[`link set ${from} down`, `link set ${from} name ${to}`, `link set ${to} up`],
      ...[`addr replace ${LINK.ipv4}/24 dev ${to}`, `addr replace ${LINK.ipv6}/64 dev ${to} nodad`],
    );

  test("is open under another number, and shut behind a pattern", async () => {
    const named = `interfaces: [ppp0]\n${OWN}`;
    const pattern = `interfaces: ["ppp*"]\n${OWN}`;
    const [missing] = await found(named);
    expect(missing).toBe(
      'error no-such-interface: this host has no interface "ppp0" now, and the gate sees no packet',
    );
    const { status, stderr } = await postern("apply", file(named));
    expect(status).toBe(1);
    expect(stderr).toContain('perhaps under another number, write "ppp*"');
    const [, end] = await network.join(client, host, 9);
    await rename(end.interface, "ppp1");
    await load(named);
    expect(await openTo(LINK)).toEqual(FAMILIES);
    expect((await statusSays())[0]).toMatchObject({ code: "no-such-interface", severity: "error" });
    expect(await found(pattern)).not.toContainEqual(expect.stringContaining("no-such-interface"));
    await load(pattern);
    expect(await openTo(LINK)).toEqual([]);
    await rename("ppp1", "ppp2");
    expect(await openTo(LINK)).toEqual([]);
    await ip(host, "link del ppp2");
  });
});

describe("a filter of tc before the gate", () => {
  const redirect = async (to: string) => {
    await host.run(["tc", "qdisc", "replace", "dev", "eth1", "clsact"]);
    const match = ["protocol", "ip", "u32", "match", "u32", "0", "0"];
    const action = ["action", "mirred", "egress", "redirect", "dev", to];
    await host.run(["tc", "filter", "add", "dev", "eth1", "ingress", ...match, ...action]);
  };
  const policy = OWN.replace("tcp/22", "tcp/23");
  const onEth1 = { ipv4: "10.91.1.2", ipv6: "fd91:0:0:1::2" };
  afterEach(() => host.run(["tc", "qdisc", "del", "dev", "eth1", "clsact"]));

  test("that sends packets elsewhere is told of by check, status and explain", async () => {
    await redirect("eth2");
    const what =
      "a filter of tc at the ingress of eth1 sends packets to eth2 before the gate sees them";
    expect(await found(policy)).toEqual([`warning redirected-before-gate: ${what}`]);
    expect(await found(`interfaces: ["!eth1"]\n${policy}`)).toEqual([]);
    await load(policy);
    expect((await statusSays()).map((told) => told.what)).toEqual([what]);
    expect((await postern("explain", "10.91.1.1")).stdout).toContain(`  ${what}\n`);
  });

  test("that a shaper has, by way of an ifb, is none: the gate sees those packets", async () => {
    await ip(host, "link add ifb7 type ifb", "link set ifb7 up");
    await redirect("ifb7");
    expect(await found(policy)).toEqual([]);
    expect(await openTo(onEth1)).toEqual(FAMILIES);
    await load(OWN);
    expect(await openTo(onEth1)).toEqual([]);
    await ip(host, "link del ifb7");
  });
});
