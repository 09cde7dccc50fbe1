/** Chance that can be told again. */
import { createHash } from "node:crypto";
import type { Chance } from "../../src/check/fresh.ts";

/** The same numbers for the same seed. */
export function seededChance(seed: number): Chance {
  let drawn = 0;
  return (below) => {
    const hash = createHash("sha256").update(`${seed} ${drawn++}`).digest();
    return Math.floor((hash.readUInt32BE() / 2 ** 32) * below);
  };
}
