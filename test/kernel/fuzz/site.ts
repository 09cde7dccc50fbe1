/**
 * What is attacked: listeners over TCP and UDP, and a table that notes what they answer. They are
 * on the host of the gate or on another one, to which that forwards.
 *
 *     client ── frames ──> server: gate ──> (inner:) tcp/22, udp/5353 ── answers ──> noted
 */
import { FAMILIES, type Family } from "../../../src/policy/address.ts";
import { framesInOrder } from "../frames.ts";
import type { Running } from "../host.ts";
import { addressOf, type End, letForward, makeNetwork, type Network } from "../network.ts";
import { datagram } from "../packets.ts";
import { listenOnBoth } from "../services.ts";
import { until } from "../until.ts";
import { send } from "../wire.ts";
import { framesOfDraft } from "./build.ts";
import { type Draft, idOf } from "./draft.ts";
import { noteOn, readNotes } from "./notes.ts";

export const DOOR = { tcp: 22, udp: 5353 } as const;

/** What became of a packet that got past the gate. */
export interface Breach {
  readonly draft: Draft;
  /** `segment`: a socket answered one that begins no connection. */
  readonly what: "syn ack" | "segment" | "datagram";
}

export interface Site {
  readonly network: Network;
  /** Where the listeners are. */
  readonly door: End;
  /** Whether that is another host than the gate's. */
  readonly isBehind: boolean;
  /** Sends the packets; those that a listener took, or answered. */
  readonly attack: (drafts: readonly Draft[]) => Promise<readonly Breach[]>;
}

/**
 * Takes whatever Linux can be set to take: source routes, addresses of its own that come from
 * outside. Incomplete packets are thrown away soon, so that there is always room for more.
 */
const OPEN_TO_ALL = [
  ...["all", "eth0"].flatMap((name) => [
    `net.ipv4.conf.${name}.accept_local=1`,
    `net.ipv4.conf.${name}.route_localnet=1`,
    `net.ipv4.conf.${name}.accept_source_route=1`,
    `net.ipv6.conf.${name}.accept_source_route=1`,
    `net.ipv6.conf.${name}.seg6_enabled=1`,
    `net.ipv6.conf.${name}.rpl_seg_enabled=1`,
  ]),
  ...["net.ipv4.ipfrag", "net.ipv6.ip6frag"].flatMap(roomFor),
  // What an earlier attack has begun answers no more in a later one.
  "net.ipv4.tcp_synack_retries=0",
];

function roomFor(name: string): string[] {
  return [`${name}_high_thresh=268435456`, `${name}_time=2`];
}

/** nft: the connection tracking of somebody else's firewall, without any effect of its own. */
const TRACKING = `table inet somebody {
  chain input { type filter hook input priority filter; policy accept; ct state established accept; }
}
`;

export interface Kind {
  /** Whether somebody else has the gate's host track connections, and so put fragments together. */
  readonly isTracking: boolean;
  /** Whether the listeners are on a host behind, which tracks connections in any case. */
  readonly isForwarded?: boolean;
}

export async function makeSite({ isTracking, isForwarded = false }: Kind): Promise<Site> {
  const network = await makeNetwork();
  const door = isForwarded ? await addInner(network) : network.link.server;
  for (const { host } of new Set([network.link.server, door])) {
    await host.run(["sysctl", "-q", "-w", ...OPEN_TO_ALL]);
    const isTracked = isTracking || host !== network.server;
    if (isTracked) await host.run(["nft", "-f", "-"], { stdin: TRACKING });
    // Where connections are tracked, and in kernels that count for each namespace.
    const tracked = roomFor("net.netfilter.nf_conntrack_frag6");
    await host.run(["sysctl", "-q", "-w", ...tracked], { mayFail: true });
  }
  await listenOnBoth(door.host, { protocol: "tcp", port: DOOR.tcp });
  const listeners = await listenOnBoth(door.host, { protocol: "udp", port: DOOR.udp });
  return {
    network,
    door,
    isBehind: isForwarded,
    attack: (drafts) => attack({ network, door, listeners }, drafts),
  };
}

/** A host behind the server, which client and server know the way to. */
async function addInner({ client, server, link, addHost, join }: Network): Promise<End> {
  const inner = await addHost("inner");
  const [outer, end] = await join(server, inner, 9);
  await letForward(server);
  for (const family of FAMILIES) {
    const flag = family === "ipv4" ? "-4" : "-6";
    await client.run(["ip", flag, "route", "add", `${end[family]}`, "via", link.server[family]]);
    await inner.run(["ip", flag, "route", "add", "default", "via", outer[family]]);
  }
  return end;
}

interface Attacked {
  readonly network: Network;
  readonly door: End;
  readonly listeners: Listeners;
}

type Listeners = Readonly<Record<Family, Running>>;
let attacks = 0;

async function attack(attacked: Attacked, drafts: readonly Draft[]): Promise<readonly Breach[]> {
  const { network, door, listeners } = attacked;
  const { link } = network;
  attacks += 1;
  await noteOn(door.host, DOOR.tcp);
  const heardBefore = FAMILIES.map((family) => listeners[family].stdout().length);
  await send(
    link.client,
    drafts.flatMap((draft) => framesOfDraft(draft, link)),
  );
  await untilAllRead(attacked);
  const { synacks, others } = await readNotes(door.host);
  const heard = FAMILIES.map((family, n) => listeners[family].stdout().slice(heardBefore[n]));
  const datagrams = [...heard.join("").matchAll(/#(\d+);/g)];
  const ids: Readonly<Record<Breach["what"], ReadonlySet<number>>> = {
    "syn ack": new Set(synacks.map(idOf)),
    segment: new Set(others.flatMap((numbers) => numbers.map(idOf))),
    datagram: new Set(datagrams.map(([, id]) => Number(id))),
  };
  const kinds = ["syn ack", "segment", "datagram"] as const;
  return drafts.flatMap((draft) => {
    const what = kinds.find((kind) => ids[kind].has(draft.id));
    return what === undefined ? [] : [{ draft, what }];
  });
}

/** The last frame of an attack: once it is noted, all before it have been judged. */
function endOf({ network: { link }, door }: Attacked): Buffer[] {
  const [source, destination] = [addressOf(link.client.ipv4), addressOf(door.ipv4)];
  return framesInOrder([datagram({ source, destination, sourcePort: attacks, port: 9 })], link);
}

async function untilAllRead(attacked: Attacked): Promise<void> {
  const { network, door, listeners } = attacked;
  await until("the last frame", async () => {
    // A busy machine may lose one.
    await send(network.link.client, endOf(attacked));
    return (await readNotes(door.host)).ends.includes(attacks);
  });
  // A gate has nothing to say of what a host sends to itself, and a socket is read in order.
  const mark = `@${attacks};`;
  for (const family of FAMILIES) {
    const argv = ["nc", "-u", "-q", "0", LOOPBACK[family], String(DOOR.udp)];
    await until(`the mark over ${family}`, async () => {
      await door.host.run(argv, { stdin: mark });
      return listeners[family].stdout().includes(mark);
    });
  }
}

const LOOPBACK: Readonly<Record<Family, string>> = { ipv4: "127.0.0.1", ipv6: "::1" };
