/** What packets hold after their headers: what rules compare there, and what sets know them by. */
import { describe, expect, test } from "vitest";
import type { Packet } from "../../src/model/packet.ts";
import {
  emptyState,
  hexOf,
  type Key,
  membersAt,
  remember,
  runPacket,
  type TimedSet,
} from "../../src/program/index.ts";
import { isMatched, PACKETS, programOf, setOf } from "./language.ts";

const BYTES = Uint8Array.from({ length: 40 }, (_, n) => n + 1);

function holding(name: keyof typeof PACKETS, payload: Uint8Array | undefined): Packet {
  const packet = PACKETS[name];
  if (payload === undefined) return packet;
  const length = packet.content.protocol === "ping" ? { payloadBytes: payload.length } : {};
  return { ...packet, content: { ...packet.content, ...length, payload } };
}

describe("bytes are compared", () => {
  const isThere = (at: number, bytes: readonly number[], payload?: Uint8Array) =>
    isMatched({ kind: "payload", of: "udp", at, bytes }, holding("datagram", payload));

  test("where they stand", () => {
    expect(isThere(0, [1, 2], BYTES)).toBe(true);
    expect(isThere(38, [39, 40], BYTES)).toBe(true);
    expect(isThere(1, [1, 2], BYTES)).toBe(false);
    expect(isThere(0, [1, 3], BYTES)).toBe(false);
  });

  test("with nothing where the packet ends before, nor with a packet that has none", () => {
    expect(isThere(39, [40, 0], BYTES)).toBe(false);
    expect(isThere(0, [0])).toBe(false);
  });

  test.each([
    ["udp", "datagram"],
    ["tcp", "syn"],
    ["ping", "ping"],
  ] as const)("of %s in no packet of another protocol", (of, own) => {
    for (const name of ["datagram", "syn", "ping"] as const) {
      const match = { kind: "payload", of, at: 0, bytes: [1] } as const;
      expect(isMatched(match, holding(name, BYTES))).toBe(name === own);
    }
  });
});

/** Whether a packet is in the set that holds what a packet is known by. */
function isMember(set: TimedSet, key: string, packet: Packet): boolean {
  const state = emptyState();
  remember(state, set, key, 9);
  const rule = { when: [{ kind: "member", of: set }], then: [], to: { kind: "drop" } } as const;
  return runPacket(programOf(rule), state, packet, 0).outcome === "drop";
}

describe("the tag of a signed knock", () => {
  const tags = setOf({ family: undefined, key: { kind: "tag" } });
  const key = hexOf(BYTES.subarray(0, 8));

  test.each(["ping", "datagram"] as const)(
    "is the first 8 bytes of a %s of either family",
    (name) => {
      expect(isMember(tags, key, holding(name, BYTES))).toBe(true);
      expect(isMember(tags, key, holding(`${name} over IPv6`, BYTES))).toBe(true);
      expect(isMember(tags, key, holding(name, BYTES.subarray(0, 8)))).toBe(true);
      expect(isMember(tags, key, holding(name, BYTES.subarray(0, 7)))).toBe(false);
      expect(isMember(tags, key, holding(name, BYTES.subarray(1)))).toBe(false);
      expect(isMember(tags, key, holding(name, undefined))).toBe(false);
    },
  );

  test("is nothing in a segment of TCP", () => {
    expect(isMember(tags, key, holding("syn", BYTES))).toBe(false);
  });
});

describe("a packet in one piece", () => {
  const isWhole = (name: keyof typeof PACKETS, bytes: number, family: "ipv4" | "ipv6") =>
    isMatched(
      { kind: "whole", family, least: 212, most: 1256 },
      holding(name, new Uint8Array(bytes)),
    );

  test.each([
    ["ping", "ipv4", 184, 1228],
    ["datagram", "ipv4", 184, 1228],
    ["ping over IPv6", "ipv6", 164, 1208],
    ["datagram over IPv6", "ipv6", 164, 1208],
  ] as const)("is a %s of %s with %i to %i bytes of payload", (name, family, least, most) => {
    const sizes = [least - 1, least, most, most + 1];
    expect(sizes.map((bytes) => isWhole(name, bytes, family))).toEqual([false, true, true, false]);
    expect(isWhole(name, least, family === "ipv4" ? "ipv6" : "ipv4")).toBe(false);
  });

  test("is no segment of TCP", () => {
    expect(isWhole("syn", 500, "ipv4")).toBe(false);
  });
});

describe("a token", () => {
  const tokens = (carrier: Extract<Key, { kind: "token" }>["carrier"]) =>
    setOf({ family: undefined, key: { kind: "token", carrier } });

  test.each([
    ["ping", 16, "ping"],
    ["udp", 0, "datagram"],
    ["dns", 13, "datagram"],
    ["http", 5, "syn"],
    ["tls", 11, "syn"],
  ] as const)("by %s is the 16 bytes from byte %i on, of either family", (carrier, at, name) => {
    const key = hexOf(BYTES.subarray(at, at + 16));
    const own = holding(name, BYTES);
    expect(isMember(tokens(carrier), key, own)).toBe(true);
    expect(isMember(tokens(carrier), key, holding(`${name} over IPv6`, BYTES))).toBe(true);
    expect(isMember(tokens(carrier), key, holding(name, BYTES.subarray(0, at + 16)))).toBe(true);
    expect(isMember(tokens(carrier), key, holding(name, BYTES.subarray(0, at + 15)))).toBe(false);
    expect(isMember(tokens(carrier), key, holding(name, BYTES.subarray(1)))).toBe(false);
    expect(isMember(tokens(carrier), key, holding(name, undefined))).toBe(false);
    const other = name === "datagram" ? "syn" : "datagram";
    expect(isMember(tokens(carrier), key, holding(other, BYTES))).toBe(false);
  });

  test("and who has shown it are one member, by the whole address", () => {
    const uses = setOf({ name: "uses6", family: "ipv6", key: { kind: "use", carrier: "udp" } });
    const state = emptyState();
    const then = [{ kind: "remember", in: uses, seconds: 9, renew: true }] as const;
    const program = programOf({ when: [], then, to: { kind: "next" } });
    const others = [holding("datagram", BYTES), PACKETS["datagram over IPv6"]];
    for (const packet of [holding("datagram over IPv6", BYTES), ...others]) {
      runPacket(program, state, packet, 0);
    }
    const { bits } = PACKETS["datagram over IPv6"].source;
    expect(membersAt(state, uses, 0)).toEqual([
      `${bits.toString(16)}.${hexOf(BYTES.subarray(0, 16))}`,
    ]);
  });

  test("is no mark, which packets have no part in", () => {
    const marks = setOf({ family: undefined, key: { kind: "mark" } });
    const packet = holding("ping", BYTES);
    expect(isMember(marks, hexOf(BYTES.subarray(0, 16)), packet)).toBe(false);
  });
});
