/** What of a live gate another one, which is to take its place, must not keep. */
import type { Program } from "../../program/program.ts";
import { labelOf, printLabel } from "../labels.ts";
import type { Listing } from "../live.ts";
import type { TableListing } from "./listing.ts";
import { namesIn } from "./print.ts";

/**
 * Names, as `printNftables` takes them in `without`: what the program has no more, and the
 * sets that it has under the same name with another meaning, which must begin empty. They come
 * in the order of `TableListing.names`.
 */
export function staleIn(listing: TableListing, program: Program): string[] {
  const labels = program.sets.map((set) => [set.name, printLabel(labelOf(set))] as const);
  return stale(listing, namesIn(program), new Map(labels));
}

/** The same where another listing of a gate is to take the place of this one. */
export function staleBeside(listing: TableListing, other: TableListing): string[] {
  return stale(listing, other.names, labelsOf(other));
}

function stale(
  listing: TableListing,
  names: readonly string[],
  wanted: ReadonlyMap<string, string>,
): string[] {
  const found = labelsOf(listing);
  const kept = new Set(names);
  for (const [name, label] of wanted) {
    if (found.get(name) !== label) kept.delete(`set ${name}`);
  }
  return listing.names.filter((name) => !kept.has(name));
}

function labelsOf({ sets }: Listing): Map<string, string> {
  return new Map(sets.map(({ name, label }) => [name, printLabel(label)]));
}
