/** What each match says of a packet. */
import { describe, expect, test } from "vitest";
import type { Packet, TcpFlag } from "../../src/model/packet.ts";
import {
  emptyState,
  type Match,
  type Rule,
  remember,
  runPacket,
  sourceKey,
} from "../../src/program/index.ts";
import { segment } from "../kernel/packets.ts";
import { address } from "../scenarios/arbitrary.ts";
import { dropIf, isMatched, PACKETS, prefix, programOf, setOf } from "./language.ts";

type Row = readonly [claim: string, match: Match, packet: Packet, matches: boolean];
type Content<Protocol extends string> = Extract<Packet["content"], { protocol: Protocol }>;

const from = PACKETS.syn;
const packetWith = (over: Partial<Packet>): Packet => ({ ...from, ...over });
const tcp = (over: Partial<Content<"tcp">>): Packet => ({
  ...from,
  content: { ...(from.content as Content<"tcp">), ...over },
});
const flagged = (...flags: readonly TcpFlag[]) => tcp({ flags });
const toPort = (port: number) => tcp({ destinationPort: port });

const cameInBy = (name: string, isPrefix = false): Match => ({
  kind: "interface",
  ...{ name, isPrefix },
});
const is = (protocol: "tcp" | "udp" | "icmp" | "icmpv6"): Match => ({
  kind: "protocol",
  is: protocol,
});
const ports: Match = { kind: "to-port", first: 20, last: 22 };
const source: Match = { kind: "source", in: prefix("192.0.2.0/24") };
const destination: Match = { kind: "destination", in: prefix("198.51.100.1") };
const here: Match = { kind: "destined-here" };
const fresh: Match = { kind: "new-connection", is: true };
const answer: Match = { kind: "connection-answer" };
const stray: Match = { kind: "new-connection", is: false };
const ending: Match = { kind: "any-flag", of: ["fin", "rst"] };
const echo: Match = { kind: "echo-request", family: "ipv4", payloadBytes: 63 };
const echo6: Match = { kind: "echo-request", family: "ipv6", payloadBytes: 63 };
const listener: Match = { kind: "listener-only" };
const bound: Match = { kind: "bound-socket" };
const socket: Match = { kind: "has-socket" };

const ROWS: readonly Row[] = [
  ["a TCP segment is tcp", is("tcp"), PACKETS.syn, true],
  ["a TCP segment is not udp", is("udp"), PACKETS.syn, false],
  ["a datagram is udp", is("udp"), PACKETS.datagram, true],
  ["a datagram is not tcp", is("tcp"), PACKETS.datagram, false],
  ["an echo request over IPv4 is icmp", is("icmp"), PACKETS.ping, true],
  ["an echo request over IPv4 is not icmpv6", is("icmpv6"), PACKETS.ping, false],
  ["an echo request over IPv6 is icmpv6", is("icmpv6"), PACKETS["ping over IPv6"], true],
  ["an echo request over IPv6 is not icmp", is("icmp"), PACKETS["ping over IPv6"], false],

  ["the first port of a range is in it", ports, toPort(20), true],
  ["the last port of a range is in it", ports, toPort(22), true],
  ["the port before a range is not in it", ports, toPort(19), false],
  ["the port after a range is not in it", ports, toPort(23), false],
  [
    "the source port is not the destination port",
    ports,
    tcp({ sourcePort: 22, destinationPort: 99 }),
    false,
  ],
  ["a datagram has a port, too", { kind: "to-port", first: 53, last: 53 }, PACKETS.datagram, true],
  ["an echo request has no port", { kind: "to-port", first: 0, last: 65535 }, PACKETS.ping, false],

  [
    "what comes in by lo is from loopback",
    { kind: "from-loopback" },
    packetWith({ interface: "lo" }),
    true,
  ],
  ["what comes in by eth0 is not", { kind: "from-loopback" }, from, false],
  ["an interface is known by its whole name", cameInBy("eth0"), from, true],
  ["and not by the beginning of it", cameInBy("eth"), from, false],
  ["a pattern matches a name that begins so", cameInBy("eth", true), from, true],
  ["a pattern matches the name that it is", cameInBy("eth0", true), from, true],
  ["a pattern does not match a shorter name", cameInBy("eth00", true), from, false],

  ["a source in the prefix", source, from, true],
  ["a source beside the prefix", source, packetWith({ source: address("192.0.3.1") }), false],
  [
    "a source of the other family is in no prefix of this",
    { kind: "source", in: prefix("0.0.0.0/0") },
    PACKETS["syn over IPv6"],
    false,
  ],
  ["the destination itself", destination, from, true],
  ["another destination", destination, packetWith({ destination: address("198.51.100.2") }), false],
  [
    "the source is not the destination",
    destination,
    packetWith({ source: address("198.51.100.1"), destination: address("192.0.2.10") }),
    false,
  ],
  ["what routing keeps here", here, from, true],
  ["what routing sends on", here, packetWith({ destined: "elsewhere" }), false],

  ["SYN alone begins a connection", fresh, flagged("syn"), true],
  [
    "SYN with what else may be set begins one",
    fresh,
    flagged("syn", "ece", "cwr", "psh", "urg"),
    true,
  ],
  ["SYN-ACK does not", fresh, flagged("syn", "ack"), false],
  ["it answers one", answer, flagged("syn", "ack", "ece"), true],
  ["SYN alone answers none", answer, flagged("syn"), false],
  ["ACK alone answers none", answer, flagged("ack"), false],
  ["SYN-ACK with RST answers none", answer, flagged("syn", "ack", "rst"), false],
  ["SYN-ACK with FIN answers none", answer, flagged("syn", "ack", "fin"), false],
  ["flags that cannot be read answer none", answer, tcp({ flags: undefined }), false],
  ["SYN-FIN does not", fresh, flagged("syn", "fin"), false],
  ["SYN-RST does not", fresh, flagged("syn", "rst"), false],
  ["ACK does not", fresh, flagged("ack"), false],
  ["no flag at all does not", fresh, flagged(), false],
  ["flags that cannot be read do not", fresh, tcp({ flags: undefined }), false],
  ["a datagram does not", fresh, PACKETS.datagram, false],
  ["ACK is a stray segment", stray, flagged("ack"), true],
  ["SYN-ACK is one", stray, flagged("syn", "ack"), true],
  ["no flag at all is one", stray, flagged(), true],
  ["SYN is none", stray, flagged("syn"), false],
  [
    "flags that cannot be read make none: a miss has to refuse",
    stray,
    tcp({ flags: undefined }),
    false,
  ],
  ["a datagram is none", stray, PACKETS.datagram, false],

  ["one of the flags is enough", ending, flagged("fin", "ack"), true],
  ["the other one is, too", ending, flagged("rst"), true],
  ["other flags do not count", ending, flagged("syn", "ack"), false],
  ["flags that cannot be read count as none", ending, tcp({ flags: undefined }), false],
  ["a datagram has no flags", ending, PACKETS.datagram, false],

  ["an echo request of the length", echo, PACKETS.ping, true],
  ["an echo request of another length", { ...echo, payloadBytes: 64 }, PACKETS.ping, false],
  ["an echo request of the other family", echo, PACKETS["ping over IPv6"], false],
  ["an echo request over IPv6", echo6, PACKETS["ping over IPv6"], true],
  ["a TCP segment is no echo request", echo, PACKETS.syn, false],

  ["a listener alone", listener, tcp({ socket: "listener" }), true],
  ["a connection is more than a listener", listener, tcp({ socket: "connection" }), false],
  ["no socket is no listener", listener, tcp({ socket: "none" }), false],
  ["a connection is a socket", socket, tcp({ socket: "connection" }), true],
  ["a connection has an address", bound, tcp({ socket: "connection" }), true],
  ["a listener has none", bound, tcp({ socket: "listener" }), false],
  ["a listener is a socket", socket, tcp({ socket: "listener" }), true],
  ["no socket", socket, tcp({ socket: "none" }), false],
  ["of datagrams no socket is asked", socket, PACKETS.datagram, false],
];

test.each(ROWS)("%s", (_claim, match, packet, expected) => {
  expect(isMatched(match, packet)).toBe(expected);
});

test("a rule without matches matches every packet", () => {
  for (const packet of Object.values(PACKETS)) {
    expect(runPacket(programOf(dropIf()), emptyState(), packet, 0).outcome).toBe("drop");
  }
});

test("a rule matches only when all of its matches do", () => {
  const rules = (match: Match) => programOf(dropIf(is("tcp"), match));
  expect(runPacket(rules(here), emptyState(), from, 0).outcome).toBe("drop");
  expect(runPacket(rules(is("udp")), emptyState(), from, 0).outcome).toBe("pass");
});

describe("a member", () => {
  const isMember = (set = setOf(), packet = from, now = 5) => {
    const state = emptyState();
    remember(state, setOf(), sourceKey(address("192.0.2.10"), 32), 10);
    return (
      runPacket(programOf(dropIf({ kind: "member", of: set })), state, packet, now).outcome ===
      "drop"
    );
  };

  test("is a source that the set holds", () => expect(isMember()).toBe(true));
  test("is no other source", () => {
    expect(isMember(setOf(), packetWith({ source: address("192.0.2.11") }))).toBe(false);
  });
  test("is one until its end and no longer", () => {
    expect(isMember(setOf(), from, 9.999)).toBe(true);
    expect(isMember(setOf(), from, 10)).toBe(false);
  });
  test("of one set is none of another", () => {
    expect(isMember(setOf({ name: "other4" }))).toBe(false);
  });
  test("of a set for one family is never a source of the other", () => {
    expect(isMember(setOf(), PACKETS["syn over IPv6"])).toBe(false);
    expect(isMember(setOf({ family: "ipv6" }))).toBe(false);
  });
});

describe("sources that share their first 64 bits", () => {
  const by = (prefixLength: number, other: string) => {
    const set = setOf({ name: "some6", family: "ipv6", key: { kind: "source", prefixLength } });
    const state = emptyState();
    remember(state, set, sourceKey(address("2001:db8::10"), prefixLength), 10);
    const packet = { ...PACKETS["syn over IPv6"], source: address(other) };
    return runPacket(programOf(dropIf({ kind: "member", of: set })), state, packet, 0).outcome;
  };
  test("are one where the set is cut to 64", () => expect(by(64, "2001:db8::ffff:1")).toBe("drop"));
  test("are two where it is not cut", () => expect(by(128, "2001:db8::ffff:1")).toBe("pass"));
  test("and beside them is another", () => expect(by(64, "2001:db8:0:1::10")).toBe("pass"));
});

describe("a flow", () => {
  const V4 = { source: from.source, destination: from.destination };
  const flows = setOf({ key: { kind: "flow" } });
  const isSame = (set: typeof flows, packet: Packet) => {
    const state = emptyState();
    const learn = {
      when: [],
      then: [{ kind: "remember", in: set, seconds: 9, renew: true }],
      to: { kind: "next" },
    } as const;
    runPacket(programOf(learn), state, segment({ ...V4, port: 22, flags: ["syn"] }), 0);
    return (
      runPacket(programOf(dropIf({ kind: "member", of: set })), state, packet, 1).outcome === "drop"
    );
  };
  const ack = { ...V4, port: 22, flags: ["ack"] as const };

  test("is known by addresses and ports, whatever the flags", () => {
    expect(isSame(flows, segment(ack))).toBe(true);
    expect(isSame(flows, segment({ ...ack, sequenceNumber: 7 }))).toBe(true);
  });
  test.each([
    ["another source port", { sourcePort: 40001 }],
    ["another destination port", { port: 23 }],
    ["another source", { source: address("192.0.2.11") }],
    ["another destination", { destination: address("198.51.100.2") }],
  ])("with %s is another", (_, over) => {
    expect(isSame(flows, segment({ ...ack, ...over }))).toBe(false);
  });
  test("over IPv6 is known by the whole addresses", () => {
    const flows6 = setOf({ name: "flows6", family: "ipv6", key: { kind: "flow" } });
    const learn: Rule = {
      when: [],
      then: [{ kind: "remember", in: flows6, seconds: 9, renew: true }],
      to: { kind: "next" },
    };
    const state = emptyState();
    const known = PACKETS["syn over IPv6"];
    runPacket(programOf(learn), state, known, 0);
    const isKnown = (packet: Packet) =>
      runPacket(programOf(dropIf({ kind: "member", of: flows6 })), state, packet, 1).outcome;
    expect(isKnown(known)).toBe("drop");
    expect(isKnown({ ...known, source: address("2001:db8::11") })).toBe("pass");
    expect(isKnown({ ...known, destination: address("2001:db8:1::2") })).toBe("pass");
  });
  test("is no datagram", () => expect(isSame(flows, PACKETS.datagram)).toBe(false));
});
