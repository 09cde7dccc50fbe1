/** What of a live gate a new program must not keep. */
import type { Program } from "../../program/program.ts";
import { labelOf, printLabel } from "./labels.ts";
import type { Listing } from "./listing.ts";
import { namesIn } from "./print.ts";

/**
 * Names, as `printNftables` takes them in `without`: what the program has no more, and the
 * sets that it has under the same name with another meaning, which must begin empty. They come
 * in the order of `Listing.names`.
 */
export function staleIn(listing: Listing, program: Program): string[] {
  const labels = new Map(listing.sets.map(({ name, label }) => [name, printLabel(label)]));
  const kept = new Set(namesIn(program));
  for (const set of program.sets) {
    if (labels.get(set.name) !== printLabel(labelOf(set))) kept.delete(`set ${set.name}`);
  }
  return listing.names.filter((name) => !kept.has(name));
}
