import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { DoorName } from "../../src/policy/policy.ts";
import {
  fingerprintOf,
  LEAST_PAYLOAD,
  MOST_PAYLOAD,
  makeSealingKey,
  openKnock,
  type SignedMessage,
  sealKnock,
  tagSlotAt,
} from "../../src/signed/index.ts";

const NOW = 1_764_000_000_000;
const SLOT = tagSlotAt(NOW / 1000);
const KEY = makeSealingKey();
const SIGNED: SignedMessage = {
  message: {
    timeMs: NOW,
    nonce: randomBytes(16),
    fingerprint: fingerprintOf(Buffer.from("a key")),
    address: undefined,
    door: "ssh" as DoorName,
  },
  hash: "sha512",
  signature: randomBytes(83),
};

const seal = (slot = SLOT) => sealKnock(SIGNED, KEY.publicKey, "ping", slot);
const open = (payload: Uint8Array, nowMs = NOW) => openKnock(payload, KEY, "ping", nowMs);

describe("a sealed knock", () => {
  test("is opened again, and says the same", () => {
    expect(open(seal())).toMatchObject(SIGNED);
  });

  test("never looks the same twice", () => {
    const payloads = Array.from({ length: 50 }, () => seal().subarray(8).toString("hex"));
    expect(new Set(payloads).size).toBe(50);
  });

  test("has the highest bit of its key at random", () => {
    const bits = Array.from({ length: 60 }, () => (seal()[39] ?? 0) >> 7);
    expect(new Set(bits)).toEqual(new Set([0, 1]));
  });

  test("opens whatever the highest bit of its key is", () => {
    const payload = seal();
    payload.writeUInt8(payload.readUInt8(39) ^ 0x80, 39);
    expect(open(payload)).toMatchObject(SIGNED);
  });

  test("opens wherever it stands in memory", () => {
    const room = Buffer.concat([randomBytes(5), seal(), randomBytes(7)]);
    const inside = new Uint8Array(room.buffer, room.byteOffset + 5, room.length - 12);
    expect(open(inside)).toMatchObject(SIGNED);
  });

  test("is not changed by being opened", () => {
    const payload = seal();
    const before = Buffer.from(payload);
    open(payload);
    expect(payload).toEqual(before);
  });

  test("has from 184 to 1208 bytes", () => {
    expect([LEAST_PAYLOAD, MOST_PAYLOAD]).toEqual([184, 1208]);
    expect(seal()).toHaveLength(248);
  });

  test("opens in the slots around its tag's, and in no other", () => {
    const payload = seal();
    const opened = Array.from({ length: 21 }, (_, index) => index - 10).filter(
      (slots) => typeof open(payload, NOW + slots * 10_000) !== "string",
    );
    expect([opened.at(0), opened.at(-1), opened.length]).toEqual([-7, 7, 15]);
  });

  test("is not made for a key that hides nothing", () => {
    expect(() => sealKnock(SIGNED, Buffer.alloc(32), "ping", SLOT)).toThrow("sealKnock");
  });
});
