/** What is drawn, from numbers that look random. */
import type { Chance } from "../../setup/fuzz.ts";

export function oneOf<T>(chance: Chance, all: readonly T[]): T {
  const one = all[chance(all.length)];
  if (one === undefined) throw new Error("oneOf: there is nothing to draw from");
  return one;
}

export function bytesOf(chance: Chance, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => chance(256)));
}

/** None to `most` of what `draw` makes. */
export function upTo<T>(chance: Chance, most: number, draw: () => T): T[] {
  return Array.from({ length: chance(most + 1) }, draw);
}
