/** Small programs and packets, so that a test is about one word of the language alone. */
import type { Packet } from "../../src/model/packet.ts";
import { type Prefix, parsePrefix } from "../../src/policy/address.ts";
import {
  emptyState,
  type Match,
  type Program,
  type Rule,
  type Run,
  runPacket,
  type State,
  type TimedSet,
} from "../../src/program/index.ts";
import { datagram, ping, segment, syn } from "../kernel/packets.ts";
import { address } from "../scenarios/arbitrary.ts";

const V4 = { source: address("192.0.2.10"), destination: address("198.51.100.1") };
const V6 = { source: address("2001:db8::10"), destination: address("2001:db8:1::1") };

/** One packet of each kind, by a name that reads well in a claim. */
export const PACKETS = {
  syn: syn({ ...V4, port: 22 }),
  "syn over IPv6": syn({ ...V6, port: 22 }),
  ack: segment({ ...V4, port: 22, flags: ["ack"] }),
  datagram: datagram({ ...V4, port: 53 }),
  "datagram over IPv6": datagram({ ...V6, port: 53 }),
  ping: ping({ ...V4, payloadBytes: 63 }),
  "ping over IPv6": ping({ ...V6, payloadBytes: 63 }),
} as const;

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`prefix: ${text} is none`);
  return parsed;
}

export function setOf(over: Partial<TimedSet> = {}): TimedSet {
  return {
    name: "some4",
    family: "ipv4",
    key: { kind: "source", prefixLength: 32 },
    capacity: 3,
    singleUse: false,
    role: { kind: "wrong" },
    meaning: "any",
    ...over,
  };
}

/** A program of one chain. */
export function programOf(...rules: readonly Rule[]): Program {
  return chains({ first: rules });
}

/** The first chain named is where packets begin. */
export function chains(byName: Readonly<Record<string, readonly Rule[]>>): Program {
  return {
    sets: [],
    counters: [],
    logs: [],
    fragmentChains: [],
    answerChains: [],
    chains: Object.entries(byName).map(([name, rules]) => ({ name, note: "", rules })),
    fingerprint: "0123456789abcdef",
    reassembles: false,
  };
}

/** Drops what matches. */
export function dropIf(...when: readonly Match[]): Rule {
  return { when, then: [], to: { kind: "drop" } };
}

export function isMatched(match: Match, packet: Packet): boolean {
  return runPacket(programOf(dropIf(match)), emptyState(), packet, 0).outcome === "drop";
}

/** Runs rules on packets, one a second, with one memory. */
export function runAll(
  rules: readonly Rule[],
  packets: readonly Packet[],
  state: State = emptyState(),
): Run[] {
  return packets.map((packet, second) => runPacket(programOf(...rules), state, packet, second));
}
