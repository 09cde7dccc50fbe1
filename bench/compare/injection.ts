/** Packets as they come in at a host, and what the kernel takes for each of them. */

import type { Family } from "../../src/policy/address.ts";
import { framesOf } from "../../test/kernel/frames.ts";
import { addressOf, type Network, senderOf } from "../../test/kernel/network.ts";
import { type Injector, startInjector } from "../lab/senders.ts";
import { type Content, datagram, PROTECTED_PORT, syn } from "../lab/site.ts";
import { STEPS } from "../lab/ways.ts";
import type { System } from "./system.ts";

const OTHER = { connected: 443, listening: 8444, datagrams: 9000 } as const;
const CLIENT_PORT = 40_000;
/** Of the next byte that is to be received; what was sent ends before 0. */
const RECEIVED = 0x0101_0000;
/** 10.200.0.0 and fd77:48::1: nobody else knocks from there and from the 65,535 behind. */
const FIRST_SOURCE = 72 << 16;
/** Framed as this packet, the number in the header and the port are the complement of source 0. */
const COMPLEMENT_OF_0 = 0xffff;
/** Where a frame has the lower half of its source, and what can make up for it. */
const PLACES = {
  ipv4: { source: 28, complements: [18, 34] },
  ipv6: { source: 26, complements: [54] },
} as const;

export interface Kind {
  readonly name: string;
  readonly family: Family;
  readonly content: Content;
  /** 0: one, and always the same. */
  readonly sources: number;
}

const segment = (destinationPort: number): Content => ({
  ...{ protocol: "tcp", sourcePort: CLIENT_PORT, destinationPort, sequenceNumber: RECEIVED },
  ...{ flags: ["ack"], socket: "connection" },
});
const MANY = 4096;
const payload = Buffer.alloc(18);

export const KINDS = [
  { name: "established TCP", family: "ipv4", content: segment(OTHER.connected), sources: 0 },
  { name: "established TCP, IPv6", family: "ipv6", content: segment(OTHER.connected), sources: 0 },
  {
    name: "established TCP to the door",
    family: "ipv4",
    content: segment(PROTECTED_PORT),
    sources: 0,
  },
  {
    name: "UDP, one flow",
    family: "ipv4",
    content: datagram(payload, OTHER.datagrams),
    sources: 0,
  },
  {
    name: "UDP, many flows",
    family: "ipv4",
    content: datagram(payload, OTHER.datagrams),
    sources: MANY,
  },
  { name: "SYN to another port", family: "ipv4", content: syn(OTHER.listening), sources: MANY },
  { name: "SYN to the door", family: "ipv4", content: syn(PROTECTED_PORT), sources: MANY },
] as const satisfies readonly Kind[];

export type KindName = (typeof KINDS)[number]["name"];

export interface Target {
  readonly system: System;
  /** Nanoseconds a packet. */
  readonly receive: (kind: Kind, count: number) => Promise<number>;
  /** The first step of a knock from so many sources, once each. */
  readonly beginFrom: (sources: number) => Promise<void>;
}

/** On a host that has a gate already: by then its connections are known to those who track them. */
export async function openTarget(system: System): Promise<Target> {
  const injector = await startInjector(system);
  const { link, client } = system.network;
  // The client knows nothing of the connections, and would end them.
  const drop = `type filter hook prerouting priority -300; tcp dport ${CLIENT_PORT} drop;`;
  await client.run(["nft", `table inet deaf { chain c { ${drop} }; }`]);
  for (const family of ["ipv4", "ipv6"] as const) {
    const [here, there] = [link.server[family], link.client[family]];
    for (const port of [OTHER.connected, PROTECTED_PORT]) {
      await order(injector, `established ${here} ${port} ${there} ${CLIENT_PORT} 0 ${RECEIVED}`);
    }
    await order(injector, `listen ${here} ${OTHER.listening}`);
    await order(injector, `udp ${here} ${OTHER.datagrams}`);
  }
  return {
    system,
    receive: async (kind, count) => {
      const nanoseconds = await injector.ask(framesCommand(system.network, kind, count));
      if (!/^\d+$/.test(nanoseconds)) throw new Error(`receive: ${nanoseconds}`);
      return Number(nanoseconds);
    },
    beginFrom: async (sources) => {
      const kind: Kind = { name: "", family: "ipv4", content: syn(STEPS[0]), sources };
      await injector.ask(framesCommand(system.network, kind, sources));
    },
  };
}

async function order(injector: Injector, line: string): Promise<void> {
  const answer = await injector.ask(line);
  if (answer !== "ok") throw new Error(`inject: ${line}: ${answer}`);
}

function framesCommand({ link }: Network, kind: Kind, count: number): string {
  const { family, content, sources } = kind;
  const isMany = sources > 0;
  const source = isMany ? senderOf(family, FIRST_SOURCE) : addressOf(link.client[family]);
  const packet = {
    ...{ source, destination: addressOf(link.server[family]), destined: "here", interface: "eth0" },
    content: isMany ? { ...content, sourcePort: COMPLEMENT_OF_0 } : content,
  } as const;
  const [frame] = framesOf(packet as Parameters<typeof framesOf>[0], COMPLEMENT_OF_0, link);
  if (frame === undefined) throw new Error("framesCommand: a packet without a frame");
  const { source: at, complements } = PLACES[family];
  const places = isMany ? ` ${at} ${complements.join(" ")}` : "";
  return `frames ${count} ${sources} ${frame.toString("hex")}${places}`;
}
