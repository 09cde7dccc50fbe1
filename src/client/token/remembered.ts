/** Which slots a client has used, as a file keeps it (design 6.4). */

/** First and last of slots in a row. */
export type Range = readonly [first: number, last: number];

/** In order, for each key; by what tells a key and does not give it away. */
export type Remembered = ReadonlyMap<string, readonly Range[]>;

/** Of each key the latest are enough: the others have long ended. */
const MOST_RANGES = 8;
/** A day. Of a key that has not been used for so long there is nothing to remember. */
const SLOTS_KEPT = 8640;
const LATEST_SLOT = 2 ** 40;

/**
 * The first slot from the present on that was not used. It is one more than the last that was used
 * while the clock goes on; of a clock that was set back it is none that was used before.
 */
export function firstFree(ranges: readonly Range[], now: number): number {
  return ranges.reduce(
    (slot, [first, last]) => (first <= slot && slot <= last ? last + 1 : slot),
    now,
  );
}

export function withUsed(ranges: readonly Range[], slot: number): readonly Range[] {
  const beside = ranges.filter(([first, last]) => first - 1 <= slot && slot <= last + 1);
  const joined: Range = [
    Math.min(slot, ...beside.map(([first]) => first)),
    Math.max(slot, ...beside.map(([, last]) => last)),
  ];
  const others = ranges.filter((range) => !beside.includes(range));
  return [...others, joined].toSorted(([a], [b]) => a - b).slice(-MOST_RANGES);
}

/** Undefined for what this program has not written. */
export function parseRemembered(text: string): Remembered | undefined {
  const read = readJson(text);
  if (typeof read !== "object" || read === null || Array.isArray(read)) return undefined;
  const entries = Object.entries(read);
  return entries.every(isEntry) ? new Map(entries) : undefined;
}

export function printRemembered(remembered: Remembered, now: number): string {
  const kept = [...remembered].filter(([, ranges]) =>
    ranges.some(([, last]) => last > now - SLOTS_KEPT),
  );
  return `${JSON.stringify(Object.fromEntries(kept))}\n`;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEntry(entry: [string, unknown]): entry is [string, readonly Range[]] {
  const [keyId, ranges] = entry;
  return /^[\da-f]{16}$/.test(keyId) && Array.isArray(ranges) && ranges.every(isRangeAfter);
}

function isRangeAfter(range: unknown, n: number, all: readonly unknown[]): boolean {
  if (!Array.isArray(range) || range.length !== 2) return false;
  const [first, last] = range as readonly unknown[];
  if (!isSlot(first) || !isSlot(last) || last < first) return false;
  const before = all[n - 1];
  return n === 0 || (Array.isArray(before) && Number(before[1]) < first);
}

function isSlot(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < LATEST_SLOT;
}
