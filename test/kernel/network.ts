/**
 * Two hosts (and more, where a test adds them) made of network namespaces:
 *
 *     ┌─ client ────────────────┐                      ┌─ server ───────────────┐
 *     │ eth0  10.91.0.1/24      │ ──── veth pair ───── │ eth0  10.91.0.2/24     │
 *     │       fd91::1/64        │                      │       fd91::2/64       │
 *     │ eth1  10.91.1.1/24      │ ── (links: 2, ...) ─ │ eth1  10.91.1.2/24     │
 *     │       fd91:0:0:1::1/64  │                      │       fd91:0:0:1::2/64 │
 *     └─────────────────────────┘                      └────────────────────────┘
 *
 * 10.128.0.0/9 and fd77::/16 are behind the client: from there come the thousands of
 * invented sources of {@link senderOf} (nobody holds those addresses, so what the server
 * answers ends at the client).
 *
 * Neighbours are known beforehand, so no packet waits for ARP or neighbour discovery; the
 * kernel's limits on ICMP errors are off, so that every answer is one that can be compared.
 * Names hold the pid of the process that made them: what processes that were killed leave is
 * swept up by the next network.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, type Family, parseAddress } from "../../src/policy/address.ts";
import { type Belongings, filesOf, type Host, hostIn } from "./host.ts";
import { inNamespace } from "./namespace.ts";

/** One side of a veth pair. */
export interface End {
  readonly host: Host;
  readonly interface: string;
  /** Six bytes. */
  readonly mac: Uint8Array;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface Link {
  readonly client: End;
  readonly server: End;
}

export interface Network {
  readonly client: Host;
  readonly server: Host;
  /** The first is `links[0]`, on `eth0` of both. */
  readonly link: Link;
  readonly links: readonly Link[];
  /** One more namespace, with only `lo` in it. */
  readonly addHost: (role: string) => Promise<Host>;
  /** A veth pair between any two hosts: `subnet` 10.91.SUBNET.0/24 and fd91:0:0:SUBNET::/64. */
  readonly join: (left: Host, right: Host, subnet: number) => Promise<readonly [End, End]>;
  /** Kills what runs in the namespaces and deletes them, and all files. */
  readonly remove: () => void;
}

interface Made extends Belongings {
  readonly namespaces: string[];
}

const PREFIX = "postern-test-";
const standing = new Set<Made>();
let networksMade = 0;

export async function makeNetwork({ links: linkCount = 1 } = {}): Promise<Network> {
  if (networksMade === 0) {
    removeOnDeath();
    sweepLeftovers();
  }
  const stem = `${PREFIX}${process.pid}-${networksMade++}-`;
  const folder = mkdtempSync(join(tmpdir(), stem));
  const made: Made = { namespaces: [], children: new Set(), folder };
  standing.add(made);
  const addHost = (role: string) => makeHost(`${stem}${role}`, made);
  const client = await addHost("client");
  const server = await addHost("server");
  const links: Link[] = [];
  for (let subnet = 0; subnet < linkCount; subnet++) {
    const [clientEnd, serverEnd] = await joinHosts(client, server, subnet);
    links.push({ client: clientEnd, server: serverEnd });
  }
  const [link] = links;
  if (link === undefined) throw new Error("makeNetwork: at least one link is needed");
  await server.run(["ip", "route", "add", SENDERS.ipv4.route, "via", link.client.ipv4]);
  await server.run(["ip", "-6", "route", "add", SENDERS.ipv6.route, "via", link.client.ipv6]);
  return { client, server, link, links, addHost, join: joinHosts, remove: () => remove(made) };
}

const SENDERS = {
  ipv4: {
    route: "10.128.0.0/9",
    nth: (n: number) => `10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`,
  },
  ipv6: {
    route: "fd77::/16",
    nth: (n: number) => `fd77:${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`,
  },
} as const;

/** The address of the `n`th invented source, 0 to 8,388,607; of IPv6 each has a /48 of its own. */
export function senderOf(family: Family, n: number): Address {
  return addressOf(SENDERS[family].nth(n));
}

/** Makes a router of the host. */
export async function letForward(host: Host): Promise<void> {
  const settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"];
  await host.run(["sysctl", "-q", "-w", ...settings]);
}

/** An address written in a test. */
export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`addressOf: ${text} is no address`);
  return address;
}

/** From now on programs of the host find these names, and no others. */
export function nameHosts(host: Host, names: Readonly<Record<string, readonly string[]>>): void {
  const folder = filesOf(host.namespace);
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries(names).flatMap(([name, addresses]) =>
    addresses.map((address) => `${address} ${name}\n`),
  );
  writeFileSync(join(folder, "hosts"), lines.join(""));
}

/** Settings of every host; those of `conf/all` do not reach interfaces that are there already. */
const SETTINGS = [
  "net.ipv4.conf.all.rp_filter=0",
  "net.ipv4.conf.default.rp_filter=0",
  "net.ipv4.icmp_ratelimit=0",
  "net.ipv4.icmp_msgs_per_sec=1000000",
  "net.ipv4.icmp_msgs_burst=1000000",
  "net.ipv4.icmp_echo_ignore_broadcasts=0",
  "net.ipv6.icmp.ratelimit=0",
  "net.ipv6.conf.default.accept_dad=0",
  "net.ipv6.conf.default.accept_ra=0",
];

async function makeHost(namespace: string, made: Made): Promise<Host> {
  // Written down first: a signal may come between the two.
  made.namespaces.push(namespace);
  execFileSync("ip", ["netns", "add", namespace]);
  const host = hostIn(namespace, made);
  await host.run(["sysctl", "-q", "-w", ...SETTINGS]);
  await host.run(["ip", "link", "set", "lo", "up"]);
  return host;
}

async function joinHosts(left: Host, right: Host, subnet: number): Promise<readonly [End, End]> {
  const ends = [describe(left, subnet, 1), describe(right, subnet, 2)] as const;
  const named = ({ interface: name, mac }: End) => [name, "address", printMac(mac)];
  await left.run([
    ...["ip", "link", "add", ...named(ends[0]), "type", "veth"],
    ...["peer", ...named(ends[1]), "netns", right.namespace],
  ]);
  await configure(ends[0], ends[1]);
  await configure(ends[1], ends[0]);
  return ends;
}

function nextInterfaceOf({ namespace }: Host): string {
  const devices = inNamespace(namespace, () => readFileSync("/proc/self/net/dev", "utf8"));
  return `eth${devices.match(/^ *eth/gm)?.length ?? 0}`;
}

function describe(host: Host, subnet: number, place: 1 | 2): End {
  const group = subnet === 0 ? "" : `:0:0:${subnet.toString(16)}`;
  return {
    host,
    interface: nextInterfaceOf(host),
    mac: Uint8Array.of(2, 0, 0, 0, subnet, place),
    ipv4: `10.91.${subnet}.${place}`,
    ipv6: `fd91${group}::${place}`,
  };
}

export function printMac(mac: Uint8Array): string {
  return [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

async function configure(end: End, peer: End): Promise<void> {
  const mac = printMac(peer.mac);
  const commands = [
    `link set ${end.interface} up`,
    `addr add ${end.ipv4}/24 brd + dev ${end.interface}`,
    `addr add ${end.ipv6}/64 dev ${end.interface} nodad`,
    `neigh replace ${peer.ipv4} lladdr ${mac} dev ${end.interface} nud permanent`,
    `neigh replace ${peer.ipv6} lladdr ${mac} dev ${end.interface} nud permanent`,
  ];
  await end.host.run(["ip", "-batch", "-"], { stdin: `${commands.join("\n")}\n` });
}

function remove(made: Made): void {
  for (const child of made.children) child.kill("SIGKILL");
  for (const namespace of made.namespaces.splice(0)) deleteNamespace(namespace);
  rmSync(made.folder, { recursive: true, force: true });
  standing.delete(made);
}

/** Kills what runs in the namespace (programs of programs, too) and deletes it. */
function deleteNamespace(namespace: string): void {
  rmSync(filesOf(namespace), { recursive: true, force: true });
  try {
    const pids = execFileSync("ip", ["netns", "pids", namespace], {
      encoding: "utf8",
      stdio: "pipe",
    });
    for (const pid of pids.split("\n").filter(Boolean)) killQuietly(Number(pid));
    execFileSync("ip", ["netns", "del", namespace], { stdio: "pipe" });
  } catch {
    // Gone already, or never made.
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself in between.
  }
}

function removeOnDeath(): void {
  const removeAll = () => {
    for (const made of standing) remove(made);
  };
  process.on("exit", removeAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      removeAll();
      // Now without a handler of ours: whoever waits for this process sees what ended it.
      process.kill(process.pid, signal);
    });
  }
}

function sweepLeftovers(): void {
  const isLeftOver = (name: string) => {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  for (const namespace of listNamespaces().filter(isLeftOver)) deleteNamespace(namespace);
  for (const folder of readdirSync(tmpdir()).filter(isLeftOver)) {
    rmSync(join(tmpdir(), folder), { recursive: true, force: true });
  }
}

/** The network namespaces of this machine that have a name. */
export function listNamespaces(): readonly string[] {
  const listing = execFileSync("ip", ["netns", "list"], { encoding: "utf8" });
  return listing.split("\n").flatMap((line) => line.split(" ")[0] || []);
}
