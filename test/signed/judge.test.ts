import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Address, parsePrefix } from "../../src/policy/address.ts";
import type { DoorName } from "../../src/policy/policy.ts";
import {
  type ArrivedKnock,
  fingerprintOf,
  judgeKnock,
  type Message,
  makeSealingKey,
  parseAllowedSigners,
  type SignedDoor,
  type SignedGate,
  sealKnock,
  signedText,
  tagSlotAt,
} from "../../src/signed/index.ts";
import { makeSigner } from "./signer.ts";
import { addressIn } from "./vector.ts";

const NOW = 1_764_000_000_000;
const SOURCE = addressIn("192.0.2.7");
const SEALING_KEY = makeSealingKey();
const ANA = makeSigner("ssh-ed25519");
const DOOR: SignedDoor = {
  name: "ssh" as DoorName,
  carriers: ["ping", "udp/62201"],
  bound: false,
  from: undefined,
  signers: parseAllowedSigners(`ana ${ANA.line}`, "signers").signers,
  clients: undefined,
};
const GATE: SignedGate = { sealingKey: SEALING_KEY, doors: [DOOR], seen: () => false };

function knockWith(changes: Partial<Message> = {}, signer = ANA): ArrivedKnock {
  const message: Message = {
    timeMs: NOW,
    nonce: randomBytes(16),
    fingerprint: fingerprintOf(signer.blob),
    address: undefined,
    door: DOOR.name,
    ...changes,
  };
  const signature = signer.sign(signedText(message, SEALING_KEY.publicKey));
  const signed = { message, hash: "sha512", signature } as const;
  const payload = sealKnock(signed, SEALING_KEY.publicKey, "ping", tagSlotAt(NOW / 1000));
  return { payload, carrier: "ping", source: SOURCE, nowMs: NOW };
}

function reasonFor(
  knock: ArrivedKnock,
  door: Partial<SignedDoor> = {},
  gate: Partial<SignedGate> = {},
) {
  const verdict = judgeKnock(knock, { ...GATE, doors: [{ ...DOOR, ...door }], ...gate });
  return verdict.kind === "refused" ? verdict.reason : verdict.kind;
}

describe("of several faults the first is the reason", () => {
  /** One after the other is mended. */
  const other = makeSigner("ssh-ed25519");
  const badSignature = { ...ANA, sign: other.sign };
  const elsewhere = addressIn("192.0.2.8");
  const late = { timeMs: NOW - 61_000, door: "web" as DoorName, address: elsewhere };
  const shut = { carriers: ["udp/1"], from: [], clients: ["bob"] };
  const seen = { seen: () => true };

  test.each([
    ["time", knockWith(late, badSignature), shut],
    ["door", knockWith({ ...late, timeMs: NOW }, badSignature), shut],
    ["client", knockWith({ address: elsewhere }, badSignature), shut],
    ["carrier", knockWith({ address: elsewhere }, badSignature), { ...shut, clients: ["ana"] }],
    ["signature", knockWith({ address: elsewhere }, badSignature), { from: [] }],
    ["seen", knockWith({ address: elsewhere }), { from: [] }],
  ] as const)("%s", (reason, knock, door) => {
    expect(reasonFor(knock, door, seen)).toBe(reason);
  });

  test.each([
    ["address", knockWith({ address: elsewhere }), { from: [] }],
    ["unbound", knockWith(), { from: [], bound: true }],
    ["from", knockWith(), { from: [] }],
    ["opens", knockWith(), {}],
  ] as const)("and at the end: %s", (reason, knock, door) => {
    expect(reasonFor(knock, door)).toBe(reason);
  });
});

describe("what was seen", () => {
  test("is asked for by what was signed, and not by the packet", () => {
    const asked: [string, number][] = [];
    const seen = (id: string, timeMs: number) => asked.push([id, timeMs]) > 1;
    const knock = knockWith();
    expect(reasonFor(knock, {}, { seen })).toBe("opens");
    const turned = Buffer.from(knock.payload);
    turned.writeUInt8(turned.readUInt8(39) ^ 0x80, 39);
    expect(reasonFor({ ...knock, payload: turned }, {}, { seen })).toBe("seen");
    expect(asked[0]).toEqual(asked[1]);
    expect(asked[0]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), NOW]);
  });

  test("is never asked for a knock that nobody signed", () => {
    const seen = () => {
      throw new Error("asked");
    };
    expect(
      reasonFor(knockWith({}, { ...ANA, sign: makeSigner("ssh-ed25519").sign }), {}, { seen }),
    ).toBe("signature");
  });
});

describe("who knocked", () => {
  test("is said as far as it came, and never more", () => {
    const fingerprint = fingerprintOf(ANA.blob);
    const whoOf = (knock: ArrivedKnock, door: Partial<SignedDoor> = {}) => {
      const verdict = judgeKnock(knock, { ...GATE, doors: [{ ...DOOR, ...door }] });
      return verdict.kind === "refused" ? verdict.who : undefined;
    };
    expect(whoOf({ ...knockWith(), payload: Buffer.alloc(248) })).toEqual({});
    expect(whoOf(knockWith({ timeMs: 0 }))).toEqual({ door: "ssh", fingerprint });
    expect(whoOf(knockWith(), { signers: [] })).toEqual({ door: "ssh", fingerprint });
    const who = { door: "ssh", fingerprint, client: "ana" };
    expect(whoOf(knockWith(), { carriers: [] })).toEqual(who);
    expect(whoOf(knockWith(), { from: [] })).toEqual(who);
  });

  test("is the door's signers', and not those of the door beside it", () => {
    const web = { ...DOOR, name: "web" as DoorName, signers: [] };
    const verdictAt = (door: string) =>
      judgeKnock(knockWith({ door: door as DoorName }), { ...GATE, doors: [web, DOOR] });
    expect(verdictAt("ssh")).toMatchObject({ kind: "opens", door: "ssh" });
    expect(verdictAt("web")).toMatchObject({ kind: "refused", reason: "signer" });
  });

  test("may come from a network that the door is for", () => {
    const from = ["198.51.100.0/24", "192.0.2.0/24"].flatMap((text) => parsePrefix(text) ?? []);
    expect(reasonFor(knockWith({ address: SOURCE }), { from, bound: true })).toBe("opens");
  });

  test("gets the reason of the line that came furthest", () => {
    const signersOf = (...lines: readonly string[]) => ({
      signers: parseAllowedSigners(lines.map((line) => `${line} ${ANA.line}`).join("\n"), "f")
        .signers,
      clients: ["ana"],
    });
    const over = 'ana valid-before="20200101Z"';
    expect(reasonFor(knockWith(), signersOf(over))).toBe("validity");
    expect(reasonFor(knockWith(), signersOf('ana namespaces="git"', over))).toBe("namespace");
    expect(reasonFor(knockWith(), signersOf("bob", over))).toBe("client");
    expect(reasonFor(knockWith(), signersOf("bob", over, "ana"))).toBe("opens");
  });

  test("gets the door open for the packet's source", () => {
    const source: Address = addressIn("2001:db8::7");
    expect(judgeKnock({ ...knockWith(), source }, GATE)).toMatchObject({ address: source });
  });
});
