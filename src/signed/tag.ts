/**
 * The tag in front of every knock: by it the kernel tells what might be one, so that whoever does
 * not know the sealing key's public half costs the agent nothing (like the mac1 of WireGuard).
 */
import { createHmac } from "node:crypto";
import { SLOT_SECONDS } from "../policy/carriers.ts";

export { SLOT_SECONDS };

export const TAG_BYTES = 8;

/** A tag is taken when its slot is within so many slots of the present one: 60 s, and one more. */
export const TAG_SLOTS_AROUND = 60 / SLOT_SECONDS + 1;

const LABEL = Buffer.from("postern signed v1\0");

/** Seconds since 1970 to the slot that they are in. */
export function tagSlotAt(seconds: number): number {
  return Math.floor(seconds / SLOT_SECONDS);
}

/** The tag of a slot, for a server with this public half of its sealing key. */
export function tagOf(sealingPublicKey: Uint8Array, slot: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(slot));
  const digest = createHmac("sha256", sealingPublicKey).update(LABEL).update(number).digest();
  return digest.subarray(0, TAG_BYTES);
}

/** The slots whose tags are taken, the likeliest first. */
export function tagSlotsAround(seconds: number): readonly number[] {
  const slot = tagSlotAt(seconds);
  const distances = Array.from({ length: TAG_SLOTS_AROUND }, (_, index) => index + 1);
  return [slot, ...distances.flatMap((distance) => [slot - distance, slot + distance])].filter(
    (one) => one >= 0,
  );
}
