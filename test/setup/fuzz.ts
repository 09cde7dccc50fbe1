/**
 * Changed inputs, to be tried on what reads them. `POSTERN_FUZZ=1000000` tries so many of each
 * kind; the seed of a failure is in its message.
 */
import { randomInt } from "node:crypto";

/** How many of each kind. */
export const INPUTS = Number(process.env["POSTERN_FUZZ"] ?? 20_000);
const SEED = randomInt(2 ** 31);
export const LIMIT = { timeout: 60_000 + INPUTS * 5 };

/** Numbers that look random and come again with the seed (mulberry32). */
export function chanceOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export type Chance = (below: number) => number;

const LENGTHS = [0, 1, 4, 32, 0x7f, 0x80, 0xff];

/** One to four changes: a bit, a byte, a length, something cut, left out, doubled or put in. */
function mutated(bytes: Buffer, chance: Chance): Buffer {
  let result = Buffer.from(bytes);
  for (let left = chance(4); left >= 0; left -= 1) {
    const at = chance(result.length + 1);
    const change = CHANGES[chance(CHANGES.length)];
    if (change === undefined) throw new Error("mutated: no change");
    const made = change(result.subarray(at), chance, chance(16) + 1);
    result = Buffer.concat([result.subarray(0, at), made]);
  }
  return result;
}

type Change = (rest: Buffer, chance: Chance, span: number) => Buffer;

const CHANGES: readonly Change[] = [
  (rest, chance) => withFirst(rest, (byte) => byte ^ (1 << chance(8))),
  (rest, chance) => withFirst(rest, () => chance(256)),
  (rest, chance) => withFirst(rest, () => LENGTHS[chance(LENGTHS.length)] ?? 0),
  () => Buffer.alloc(0),
  (rest, _, span) => rest.subarray(span),
  (rest, _, span) => Buffer.concat([rest.subarray(0, span), rest]),
  (rest, chance, span) => {
    const noise = Array.from({ length: span }, () => chance(256));
    return Buffer.concat([Buffer.from(noise), rest]);
  },
];

function withFirst(rest: Buffer, change: (byte: number) => number): Buffer {
  const [first, ...others] = rest;
  return first === undefined ? rest : Buffer.from([change(first), ...others]);
}

/** Tries changed ones of these; tells the seed of the one that throws. */
export function everyOne(
  seeds: readonly Buffer[],
  attempt: (input: Buffer, from: number, chance: Chance) => void,
  inputs = INPUTS,
): void {
  for (let count = 0; count < inputs; count += 1) {
    const seed = (SEED + count) | 0;
    const chance = chanceOf(seed);
    const from = chance(seeds.length);
    const input = mutated(seeds[from] ?? Buffer.alloc(0), chance);
    try {
      attempt(input, from, chance);
    } catch (error) {
      throw new Error(`input ${input.toString("hex")} of seed ${seed}`, { cause: error });
    }
  }
}
