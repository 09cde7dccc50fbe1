/** Which knocks were seen, and how often each client knocks. */
import { WITHIN_MS } from "../signed/index.ts";

/** A knock is remembered as long as its time is good, by a clock that was set a little since. */
const REMEMBERED_MS = 3 * WITHIN_MS;
/** Networks double packets and clients send one twice; by then all copies have come. */
const REPEATED_MS = 10_000;
/** A client that knocks more often than this in a minute is not at one keyboard. */
const MOST_A_MINUTE = 30;
const MINUTE_MS = 60_000;

export interface Memory {
  isSeen(id: string): boolean;
  /** @param source where it came from; undefined where only the kernel knows. */
  remember(id: string, nowMs: number, source?: string): void;
  /** Whether it was seen moments ago from the same source: then it is a copy, and no replay. */
  isRepeated(id: string, source: string, nowMs: number): boolean;
  /** Of one that could not open: it may be shown again. */
  forget(id: string): void;
  /** Counts this one, too. */
  isTooOften(client: string, nowMs: number): boolean;
}

export function emptyMemory(): Memory {
  const seen = new Map<string, { readonly until: number; readonly source: string | undefined }>();
  const recent = new Map<string, readonly number[]>();
  return {
    isSeen: (id) => seen.has(id),
    remember: (id, nowMs, source) => {
      for (const [other, { until }] of seen) if (until < nowMs) seen.delete(other);
      seen.set(id, { until: nowMs + REMEMBERED_MS, source });
    },
    isRepeated: (id, source, nowMs) => {
      const first = seen.get(id);
      if (first?.source !== source) return false;
      return Math.abs(nowMs - (first.until - REMEMBERED_MS)) <= REPEATED_MS;
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
