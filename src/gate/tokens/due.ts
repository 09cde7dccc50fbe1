/** Which tokens of a client the kernel is to hold, and which of them are still to be put in. */
import { AHEAD_SECONDS, type Mark, slotAt, startOf } from "../../token/index.ts";

export interface Slots {
  readonly first: number;
  readonly last: number;
}

/** How far from the present the tokens that open are, as a policy says. */
export interface Window {
  readonly lookaheadSeconds: number;
  readonly lateSeconds: number;
}

/** Those whose tokens still open at `now`, up to as far ahead as the policy wants. */
export function slotsOf({ lookaheadSeconds, lateSeconds }: Window, now: number): Slots {
  // The first whose end, and the time for which it may be late, are not over.
  const first = slotAt(now - lateSeconds);
  return { first, last: slotAt(now + lookaheadSeconds) };
}

/**
 * From this slot on, of a client of whom the kernel holds nothing, no token can have been spent.
 *
 * @param isUnused whether none of its tokens ever was in a kernel.
 * @param spentUpTo the last slot of which a token is known to have been spent far ahead of time.
 */
export function firstUnspent(
  now: number,
  { isUnused, spentUpTo }: { readonly isUnused: boolean; readonly spentUpTo: number },
): number {
  if (isUnused) return 0;
  return Math.max(slotAt(now + AHEAD_SECONDS) + 1, spentUpTo + 1);
}

/**
 * What is to be put in; undefined: nothing. What was put in once never is again, so that what has
 * been spent since is not.
 */
export function slotsDue(
  wanted: Slots,
  mark: Mark | undefined,
  unspent: number,
): Slots | undefined {
  const first = Math.max(wanted.first, mark === undefined ? unspent : mark.last + 1);
  return first > wanted.last ? undefined : { first, last: wanted.last };
}

/** By so much the clock may be set without anything being thrown away. */
export const CLOCK_SECONDS = 120;

/**
 * Whether the clock was set since a mark was made, or the host has slept: what was put in is for
 * another time than this. The kernel counts the seconds that a mark has left, whatever the clock.
 */
export function isOfAnotherTime(
  { last }: Mark,
  secondsLeft: number,
  lateSeconds: number,
  now: number,
): boolean {
  const byClock = startOf(last + 1) + lateSeconds - now;
  return Math.abs(byClock - secondsLeft) > CLOCK_SECONDS;
}

/** Whole seconds from now for which the token of a slot still opens. */
export function secondsOf(slot: number, lateSeconds: number, now: number): number {
  return Math.max(1, Math.ceil(startOf(slot + 1) + lateSeconds - now));
}
