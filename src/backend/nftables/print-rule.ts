/** One rule of a program as one line of nftables. */
import { type Family, printPrefix, widthOf } from "../../policy/address.ts";
import { CARRIERS, type CarrierForm, TAG_BYTES, WIRE_BYTES } from "../../policy/carriers.ts";
import {
  SIGNED_LOG_GROUP,
  SIGNED_PACKETS_A_SECOND,
  SIGNED_SNAP_BYTES,
} from "../../program/handed.ts";
import type { Action, Match, Rule, TimedSet, Verdict } from "../../program/program.ts";
import { ANSWER_AS_CLOSED } from "./names.ts";

/** Bytes before the payload of an echo request without options: the IPv4 and the ICMP header. */
const IPV4_AND_ICMP_BYTES = 28;
/** IPv6 does not count its own header in `ip6 length`. */
const ICMPV6_BYTES = 8;

/** Whether packets come in or go out, whose keys are those of what they answer. */
export type Heading = "in" | "out";

export function printRule({ when, then, to, note }: Rule, heading: Heading = "in"): string {
  const protocol = transportOf(when);
  const words = [
    ...when.map((match) => printMatch(match, protocol, heading)),
    ...then.map((action) => printAction(action, heading)),
    printVerdict(to),
  ].filter((word) => word !== "");
  return `${words.join(" ")}${note === undefined ? "" : `  # ${note}`}`;
}

/**
 * As {@link printRule}, of a rule that every packet meets: most ports differ from those of a range
 * in their first bits, and the kernel sees that without a call, which comparing with both ends takes.
 */
export function printQuickly(rule: Rule, heading: Heading = "in"): string {
  const guards = rule.when.flatMap((match) =>
    match.kind === "to-port" ? (firstBits(match.first, match.last) ?? []) : [],
  );
  return [...guards, printRule(rule, heading)].join(" ");
}

/** Undefined where the ends have none in common, or are one. */
function firstBits(first: number, last: number): string | undefined {
  const differing = 32 - Math.clz32(first ^ last);
  const mask = (0xffff << differing) & 0xffff;
  const isNoHelp = first === last || mask === 0;
  const hex = (number: number) => `0x${number.toString(16).padStart(4, "0")}`;
  return isNoHelp ? undefined : `th dport & ${hex(mask)} == ${hex(first & mask)}`;
}

/** The transport that `tcp dport` names at once, where the rule asks for both. */
function transportOf(when: readonly Match[]): "tcp" | "udp" | undefined {
  if (!when.some(({ kind }) => kind === "to-port")) return undefined;
  const protocol = when.find((match) => match.kind === "protocol")?.is;
  return protocol === "tcp" || protocol === "udp" ? protocol : undefined;
}

function printMatch(match: Match, transport: "tcp" | "udp" | undefined, heading: Heading): string {
  switch (match.kind) {
    case "protocol":
      return match.is === transport ? "" : `meta l4proto ${match.is}`;
    case "to-port": {
      const { first, last } = match;
      return `${transport ?? "th"} dport ${first === last ? first : `${first}-${last}`}`;
    }
    case "from-loopback":
      return 'iif "lo"';
    case "interface":
      return `iifname "${match.name}${match.isPrefix ? "*" : ""}"`;
    case "source":
      return `${network(match.in.first.family)} saddr ${printPrefix(match.in)}`;
    case "destination":
      return `${network(match.in.first.family)} daddr ${printPrefix(match.in)}`;
    case "destined-here":
      return "fib daddr type != unicast";
    case "fragment":
      return FRAGMENTED[match.family];
    case "ipv6-fragment":
      return ipv6Fragment(match);
    case "readable-ports":
      // Of any value: where the packet ends before, nothing matches.
      return "@th,0,32 >= 0x0";
    case "ipv6-headers":
      throw new Error("printMatch: with nftables a gate sees packets before reassembly");
    case "new-connection":
      return `tcp flags & (fin | syn | rst | ack) ${match.is ? "==" : "!="} syn`;
    case "connection-answer":
      return "tcp flags & (fin | syn | rst | ack) == (syn | ack)";
    case "any-flag":
      return `tcp flags & (${match.of.join(" | ")}) != 0`;
    case "echo-request":
      return echoRequest(match.family, match.payloadBytes);
    case "payload":
      return `${payload(match.of, match.at, match.bytes.length)} ${hexadecimal(match.bytes)}`;
    case "whole":
      return `${UNFRAGMENTED[match.family]} meta length ${match.least}-${match.most}`;
    case "member":
    case "spend":
      return `${printKey(match.of, heading)} @${match.of.name}`;
    case "listener-only":
      return "socket wildcard 1";
    case "bound-socket":
      return "socket wildcard 0";
    case "has-socket":
      // Not `wildcard 0`: half-open and closing sockets have no such property.
      return "socket transparent <= 1";
  }
}

function echoRequest(family: Family, payloadBytes: number | undefined): string {
  const request = `${family === "ipv4" ? "icmp" : "icmpv6"} type echo-request`;
  if (payloadBytes === undefined) return request;
  return family === "ipv4"
    ? `${request} ip hdrlength 5 ip length ${payloadBytes + IPV4_AND_ICMP_BYTES}`
    : `${request} ip6 nexthdr icmpv6 ip6 length ${payloadBytes + ICMPV6_BYTES}`;
}

/** Neither a part of something nor its beginning. */
const UNFRAGMENTED: Readonly<Record<Family, string>> = {
  ipv4: "ip frag-off & 0x3fff == 0",
  ipv6: "exthdr frag missing",
};

const FRAGMENTED: Readonly<Record<Family, string>> = {
  ipv4: "ip frag-off & 0x3fff != 0",
  ipv6: "exthdr frag exists",
};

/** Headers by their numbers: their names are in a file that may be another one elsewhere. */
function ipv6Fragment(match: Extract<Match, { kind: "ipv6-fragment" }>): string {
  if (match.is === "of") return `frag nexthdr ${match.header}`;
  if (match.is !== "of-options") return IPV6_FRAGMENT[match.is];
  // The options begin at byte 48 of the packet: what is behind them, and how long they are.
  const options = hexadecimal([match.header, 0]);
  const { byte, mask } = match.begins;
  const inside =
    mask === 0xff ? hexadecimal([byte]) : `& ${hexadecimal([mask])} == ${hexadecimal([byte])}`;
  return `ip6 nexthdr 44 frag nexthdr 60 @nh,384,16 ${options} @nh,448,8 ${inside}`;
}

const IPV6_FRAGMENT: Readonly<
  Record<Exclude<Extract<Match, { kind: "ipv6-fragment" }>["is"], "of" | "of-options">, string>
> = {
  present: "exthdr frag exists",
  "first-header": "ip6 nexthdr 44",
  "behind-hop-by-hop": "ip6 nexthdr 0 hbh nexthdr 44",
  continued: "frag frag-off != 0",
};

function printAction(action: Action, heading: Heading): string {
  switch (action.kind) {
    case "remember":
      return `${action.renew ? "update" : "add"} ${element(heading, action.in, `timeout ${action.seconds}s`)}`;
    case "forget":
      return `delete ${element(heading, action.in)}`;
    case "strike":
      return `add ${element(heading, action.in, `timeout ${action.seconds}s limit rate over 1/week burst ${action.after - 1} packets`)}`;
    case "count":
      return `counter name "${action.in.name}"`;
    case "log":
      return `limit name "${action.line}_lines" log prefix "postern: ${action.line} door=${action.door} ${via(action.via)}" level info`;
    case "hand-over":
      return `${HAND_OVER_RATE} log prefix "${action.carrier}" group ${SIGNED_LOG_GROUP} snaplen ${SIGNED_SNAP_BYTES} queue-threshold 1`;
  }
}

const HAND_OVER_RATE = `limit rate ${SIGNED_PACKETS_A_SECOND}/second burst ${SIGNED_PACKETS_A_SECOND} packets`;

function via(carrier: string | undefined): string {
  return carrier === undefined ? "" : `via=${carrier} `;
}

function printVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case "pass":
      return "accept";
    case "drop":
    case "return":
      return verdict.kind;
    case "reset":
      return `goto ${ANSWER_AS_CLOSED}`;
    case "jump":
    case "goto":
      return `${verdict.kind} ${verdict.chain}`;
    case "next":
      return "";
  }
}

/** What a set's members are, as an expression over the packet; going out only flows are looked up. */
export function printKey({ family, key }: TimedSet, heading: Heading = "in"): string {
  const ip = network(family);
  switch (key.kind) {
    case "source":
      return key.prefixLength === widthOf(family ?? "ipv4")
        ? `${ip} saddr`
        : `${ip} saddr & ${ipv6Mask(key.prefixLength)}`;
    case "flow":
      return heading === "in"
        ? `${ip} saddr . tcp sport . ${ip} daddr . tcp dport`
        : `${ip} daddr . tcp dport . ${ip} saddr . tcp sport`;
    case "token":
      return token(CARRIERS[key.carrier]);
    case "use":
      return `${ip} saddr . ${token(CARRIERS[key.carrier])}`;
    case "tag":
      // The headers of UDP and of an echo request have the same size.
      return payload("udp", 0, TAG_BYTES);
    case "mark":
      return "@th,0,128";
  }
}

function token({ protocol, offset }: CarrierForm): string {
  return payload(protocol, offset, WIRE_BYTES);
}

/** ICMP and UDP have headers of one size; where that of TCP ends, Linux 5.16 and newer can tell. */
function payload(protocol: CarrierForm["protocol"], at: number, bytes: number): string {
  const [base, start] = protocol === "tcp" ? ["ih", at] : ["th", HEADER_BYTES + at];
  return `@${base},${start * 8},${bytes * 8}`;
}

const HEADER_BYTES = 8;

function hexadecimal(bytes: readonly number[]): string {
  return `0x${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function element(heading: Heading, set: TimedSet, ...more: readonly string[]): string {
  return `@${set.name} { ${[printKey(set, heading), ...more].join(" ")} }`;
}

function network(family: TimedSet["family"]): "ip" | "ip6" {
  return family === "ipv4" ? "ip" : "ip6";
}

function ipv6Mask(length: number): string {
  const ones = ((1n << BigInt(length)) - 1n) << BigInt(128 - length);
  const groups = ones.toString(16).match(/.{4}/g) ?? [];
  const kept = groups.filter((group) => group !== "0000");
  return kept.length === 8 ? kept.join(":") : `${kept.join(":")}::`;
}
