/** What a rule asks, as words of iptables: of each thing all the ways in which it may be so. */
import {
  FAMILIES,
  type Family,
  parsePrefix,
  printAddress,
  printPrefix,
  widthOf,
} from "../../policy/address.ts";
import type { Match, Rule, TimedSet } from "../../program/program.ts";
import type { List } from "./lists.ts";

/** Bytes before the payload of an echo request without options, which `length` counts. */
const HEADER_BYTES = { ipv4: 28, ipv6: 48 } as const;

/** The one family whose packets a rule can meet; undefined where both can. */
export function familyOf({ when, then }: Rule): Family | undefined {
  const families = [
    ...when.map(familyOfMatch),
    ...then.map((action) =>
      "in" in action && "family" in action.in ? action.in.family : undefined,
    ),
  ];
  return families.find((family) => family !== undefined);
}

function familyOfMatch(match: Match): Family | undefined {
  switch (match.kind) {
    case "source":
    case "destination":
      return match.in.first.family;
    case "echo-request":
      return match.family;
    case "member":
    case "spend":
      return match.of.family;
    case "ipv6-headers":
      return "ipv6";
    case "protocol":
      if (match.is === "icmp") return "ipv4";
      return match.is === "icmpv6" ? "ipv6" : undefined;
    default:
      return undefined;
  }
}

/** What makes a rule one of one family. */
export const OPTION = { ipv4: "-4", ipv6: "-6" } as const;

/** One way in which all that a rule asks can hold. */
export interface Way {
  readonly family: Family | undefined;
  readonly words: readonly string[];
}

/** The lists in which a member of a set may be. */
export type ListsOf = (set: TimedSet) => readonly List[];

/** Every way in which all of the matches hold; `renewed` is a membership that goes on if it does. */
export function waysOf(rule: Rule, listsOf: ListsOf, renewed?: List): Way[] {
  const family = familyOf(rule);
  const families = rule.when.some(differsByFamily) && family === undefined ? FAMILIES : [family];
  return families.flatMap((each) => {
    const parts = [
      protocolsOf(rule.when),
      ...rule.when.map((match) => alternatives(match, { family: each, listsOf, renewed })),
    ];
    return product(parts).map((words) => ({ family: each, words }));
  });
}

type Alternatives = readonly (readonly string[])[];

/** One alternative of each, in every combination. */
function product(parts: readonly Alternatives[]): string[][] {
  return parts.reduce<string[][]>(
    (ways, part) => ways.flatMap((way) => part.map((words) => [...way, ...words])),
    [[]],
  );
}

/** iptables asks for ports and flags only where the protocol has been asked for. */
function protocolsOf(when: readonly Match[]): Alternatives {
  const asks = (...kinds: readonly Match["kind"][]) =>
    when.some(({ kind }) => kinds.includes(kind));
  const named = when.find((match) => match.kind === "protocol");
  if (named !== undefined) return [[`-p ${named.is}`]];
  const pinged = when.find((match) => match.kind === "echo-request");
  if (pinged !== undefined) return [[pinged.family === "ipv4" ? "-p icmp" : "-p icmpv6"]];
  if (asks("new-connection", "any-flag")) return [["-p tcp"]];
  return asks("to-port") ? [["-p tcp"], ["-p udp"]] : [[]];
}

/** IPv6 knows no type of address that is everything but unicast. */
function differsByFamily({ kind }: Match): boolean {
  return kind === "destined-here";
}

interface Asking {
  readonly family: Family | undefined;
  readonly listsOf: ListsOf;
  readonly renewed: List | undefined;
}

function alternatives(match: Match, { family, listsOf, renewed }: Asking): Alternatives {
  switch (match.kind) {
    case "protocol":
      return [[]];
    case "to-port": {
      const { first, last } = match;
      return [[`--dport ${first === last ? first : `${first}:${last}`}`]];
    }
    case "from-loopback":
      return [["-i lo"]];
    case "interface":
      return [[`-i ${match.name}${match.isPrefix ? "+" : ""}`]];
    case "source":
      return [[`-s ${printPrefix(match.in)}`]];
    case "destination":
      return [[`-d ${printPrefix(match.in)}`]];
    case "destined-here":
      return family === "ipv4" ? [["-m addrtype ! --dst-type UNICAST"]] : DESTINED_HERE_IPV6;
    case "new-connection":
      return [[match.is ? "--syn" : "! --syn"]];
    case "any-flag":
      return [[`! --tcp-flags ${match.of.map((flag) => flag.toUpperCase()).join()} NONE`]];
    case "echo-request":
      return [[echoRequest(match.family, match.payloadBytes ?? 0)]];
    case "member":
      return listsOf(match.of).map((list) => findIn(list, renewed));
    case "spend":
      // To take a source out of a list succeeds for one packet, however many come at once.
      return listsOf(match.of).map((list) => [rcheck(list), recent("--remove", list)]);
    case "bound-socket":
      return [["-m socket"]];
    case "has-socket":
      return [["-m socket --nowildcard"]];
    case "ipv6-headers":
      return match.are === "extended" ? EXTENDED : HARMLESS;
    case "payload":
    case "whole":
    case "fragment":
    case "ipv6-fragment":
    case "readable-ports":
    case "connection-answer":
    case "listener-only":
      throw new Error(`alternatives: iptables cannot say ${match.kind}`);
  }
}

const DESTINED_HERE_IPV6 = [
  ["-m addrtype --dst-type LOCAL"],
  ["-m addrtype --dst-type ANYCAST"],
  ["-d ff00::/8"],
];

/** Hop-by-hop, routing, fragment, or destination options. */
const EXTENDED = [['-m u32 --u32 "4&0xFF00=0x0000,0x2B00:0x2C00,0x3C00"']];

/**
 * A hop-by-hop header and behind it neither TCP, UDP nor another header of that kind: Linux may have
 * written there what a fragment header named that stood further behind. And a tunnel behind routing
 * or destination options, as ip6tnl writes by default: the first byte in it is that of an IPv6 or
 * IPv4 header, or of GRE with a key, sequence number or checksum, which is no header's number. u32
 * reads four bytes at a time; `@` continues from there.
 */
const HARMLESS = [
  ['-m u32 --u32 "4&0xFF00=0x0000&&40>>24=1:5,7:16,18:42,45:50,52:59,61:255"'],
  tunnel(41, "0x60:0x6F"),
  tunnel(4, "0x40:0x4F"),
  tunnel(47, "0x10,0x20,0x30,0x80,0x90,0xA0,0xB0"),
];

function tunnel(protocol: number, begins: string): string[] {
  const header = `4&0xFF00=0x2B00,0x3C00&&40>>24=${protocol}`;
  return [`-m u32 --u32 "${header}&&40>>13&0x7F8@48>>24=${begins}"`];
}

/** The first test is for a header without IP options, or without extension headers. */
function echoRequest(family: Family, payloadBytes: number): string {
  const length = `-m length --length ${payloadBytes + HEADER_BYTES[family]}`;
  return family === "ipv4"
    ? `--icmp-type echo-request -m u32 --u32 "0&0x0F000000=0x05000000" ${length}`
    : `--icmpv6-type echo-request -m u32 --u32 "4&0x0000FF00=0x3A00" ${length}`;
}

function findIn(list: List, renewed: List | undefined): string[] {
  if (renewed === undefined || renewed.set.name !== list.set.name) return [rcheck(list)];
  if (renewed.name === list.name) return [recent(`--update${within(list)}`, list)];
  return [rcheck(list), recent("--remove", list), recent("--set", renewed)];
}

/** Was the source put into the list within the time that it is for? */
function rcheck(list: List): string {
  return recent(`--rcheck${within(list)}`, list);
}

/** The opposite of {@link rcheck}. */
export function notIn(list: List): string {
  return recent(`! --rcheck${within(list)}`, list);
}

function within({ seconds }: List): string {
  return seconds === undefined ? "" : ` --seconds ${seconds}`;
}

export function recent(what: string, { name, set }: List): string {
  return `-m recent ${what} --name ${name}${mask(set)}`;
}

const ALL_ONES = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

/** The kernel's own is that of one address. */
function mask({ family, key }: TimedSet): string {
  if (key.kind !== "source" || family === undefined)
    throw new Error(`mask: the members of a ${key.kind} are no sources`);
  if (key.prefixLength === widthOf(family)) return "";
  const ones = parsePrefix(`${ALL_ONES}/${key.prefixLength}`);
  if (ones === undefined) throw new Error(`mask: no IPv6 address has ${key.prefixLength} bits`);
  return ` --mask ${printAddress(ones.first)}`;
}
