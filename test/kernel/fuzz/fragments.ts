/** Where packets are cut, of both families. */
import type { Chance } from "../../setup/fuzz.ts";
import type { FragmentLayer } from "./draft.ts";

/** One to four cuts, the first within so many bytes; seldom where a fragment cannot end. */
export function drawCuts(chance: Chance, within: number): number[] {
  const unit = chance(12) === 0 ? 1 : 8;
  const first = unit * chance(1 + Math.ceil(within / unit));
  const cuts = [first];
  for (let left = chance(3) === 0 ? chance(4) : 0; left > 0; left -= 1) {
    cuts.push((cuts.at(-1) ?? 0) + 8 * (1 + chance(4)));
  }
  return cuts;
}

export function drawOverlap(chance: Chance): Pick<FragmentLayer, "overlap"> {
  if (chance(8) !== 0) return {};
  return { overlap: { bytes: 8 * (1 + chance(3)), isNoise: chance(2) === 0 } };
}
