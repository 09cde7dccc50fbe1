/** A signed knock: the whole payload of one packet (docs/signed-format.md). */
import { randomBytes } from "node:crypto";
import {
  type DecodedMessage,
  decodePlaintext,
  encodePlaintext,
  LEAST_PLAINTEXT,
  MOST_PLAINTEXT,
  PLAINTEXT_STEP,
  type SignedMessage,
} from "./message.ts";
import { ENC_BYTES, openSealed, SEAL_TAG_BYTES, type SealContext, sealTo } from "./seal.ts";
import type { SealingKey } from "./sealing-key.ts";
import { TAG_BYTES, tagOf, tagSlotsAround } from "./tag.ts";
import { X25519_BYTES } from "./x25519.ts";

/** What a payload has besides the plaintext. */
export const OVERHEAD_BYTES = TAG_BYTES + ENC_BYTES + SEAL_TAG_BYTES;
export const LEAST_PAYLOAD = OVERHEAD_BYTES + LEAST_PLAINTEXT;
export const MOST_PAYLOAD = OVERHEAD_BYTES + MOST_PLAINTEXT;

const INFO = Buffer.from("postern signed v1");
/** The highest bit of the last byte of enc: always 0 in a public key, and so sent at random. */
const TOP_BIT = 0x80;

/** What chance decides in a knock, besides its nonce. */
export interface KnockRandom {
  /** 32 bytes, for this knock alone. */
  readonly ephemeralKey: Uint8Array;
  readonly topBit: boolean;
}

function freshRandom(): KnockRandom {
  return {
    ephemeralKey: randomBytes(X25519_BYTES),
    topBit: ((randomBytes(1)[0] ?? 0) & 1) === 1,
  };
}

/**
 * Makes the payload of a packet.
 * @param carrier as a policy writes it: `ping` or `udp/PORT`
 * @param slot that of the moment of sending, in which the tag is good
 * @throws when the message and its signature do not fit ({@link knockFits} tells)
 */
export function sealKnock(
  signed: SignedMessage,
  sealingPublicKey: Uint8Array,
  carrier: string,
  slot: number,
  { ephemeralKey, topBit }: KnockRandom = freshRandom(),
): Buffer {
  const tag = tagOf(sealingPublicKey, slot);
  const plaintext = encodePlaintext(signed);
  const sealed = sealTo(sealingPublicKey, contextOf(tag, carrier), plaintext, ephemeralKey);
  if (sealed === undefined) throw new Error("sealKnock: the sealing key is no key that hides");
  const enc = Buffer.from(sealed.enc);
  if (topBit) enc.writeUInt8(enc.readUInt8(ENC_BYTES - 1) | TOP_BIT, ENC_BYTES - 1);
  return Buffer.concat([tag, enc, sealed.ciphertext]);
}

/** Why a payload is no knock, in the order of the checks. */
export type NoKnock = "size" | "tag" | "sealed" | "version" | "malformed";

/** Opens a payload; total, and nothing in it is proven yet. */
export function openKnock(
  payload: Uint8Array,
  sealingKey: SealingKey,
  carrier: string,
  nowMs: number,
): DecodedMessage | NoKnock {
  if (!isKnockSize(payload.length)) return "size";
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const tag = bytes.subarray(0, TAG_BYTES);
  const slots = tagSlotsAround(nowMs / 1000);
  if (!slots.some((slot) => tag.equals(tagOf(sealingKey.publicKey, slot)))) return "tag";
  const enc = Buffer.from(bytes.subarray(TAG_BYTES, TAG_BYTES + ENC_BYTES));
  enc.writeUInt8(enc.readUInt8(ENC_BYTES - 1) & ~TOP_BIT, ENC_BYTES - 1);
  const ciphertext = bytes.subarray(TAG_BYTES + ENC_BYTES);
  const plaintext = openSealed(sealingKey, contextOf(tag, carrier), { enc, ciphertext });
  return plaintext === undefined ? "sealed" : decodePlaintext(plaintext);
}

function isKnockSize(byteCount: number): boolean {
  const isBetween = byteCount >= LEAST_PAYLOAD && byteCount <= MOST_PAYLOAD;
  return isBetween && (byteCount - OVERHEAD_BYTES) % PLAINTEXT_STEP === 0;
}

function contextOf(tag: Uint8Array, carrier: string): SealContext {
  return { info: INFO, aad: Buffer.concat([tag, Buffer.from(carrier)]) };
}
