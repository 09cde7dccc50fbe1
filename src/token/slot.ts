/** Slots: the ten seconds of Unix time that a token is for (design 6.1). */
import { SLOT_SECONDS } from "../policy/carriers.ts";

/**
 * So far ahead of a gate's clock a client's tokens may be at most: five slots for knocks in quick
 * succession, and what its clock is fast. What may have been spent in a kernel that nothing is
 * known of any more (a boot, rules that somebody flushed) is therefore not of a later slot.
 */
export const AHEAD_SECONDS = 60;

/** Seconds since 1970 to the slot that they are in. */
export function slotAt(seconds: number): number {
  return Math.floor(seconds / SLOT_SECONDS);
}

/** When a slot begins, in seconds since 1970; it ends when the next begins. */
export function startOf(slot: number): number {
  return slot * SLOT_SECONDS;
}
