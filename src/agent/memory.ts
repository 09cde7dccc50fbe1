/** Which knocks were seen, and how often each client knocks. */
import { WITHIN_MS } from "../signed/index.ts";

/** A knock is remembered as long as its time is good, by a clock that was set a little since. */
const REMEMBERED_MS = 3 * WITHIN_MS;
/** A client that knocks more often than this in a minute is not at one keyboard. */
const MOST_A_MINUTE = 30;
const MINUTE_MS = 60_000;

export interface Memory {
  isSeen(id: string): boolean;
  remember(id: string, nowMs: number): void;
  /** Of one that could not open: it may be shown again. */
  forget(id: string): void;
  /** Counts this one, too. */
  isTooOften(client: string, nowMs: number): boolean;
}

export function emptyMemory(): Memory {
  const seen = new Map<string, number>();
  const recent = new Map<string, readonly number[]>();
  return {
    isSeen: (id) => seen.has(id),
    remember: (id, nowMs) => {
      for (const [other, until] of seen) if (until < nowMs) seen.delete(other);
      seen.set(id, nowMs + REMEMBERED_MS);
    },
    forget: (id) => {
      seen.delete(id);
    },
    isTooOften: (client, nowMs) => {
      const times = (recent.get(client) ?? []).filter((time) => nowMs - time < MINUTE_MS);
      recent.set(client, [...times, nowMs].slice(-MOST_A_MINUTE));
      return times.length >= MOST_A_MINUTE;
    },
  };
}
