/** What of a live gate a new program must not keep. */
import type { Program } from "../../program/program.ts";
import { labelOf, printLabel } from "./labels.ts";
import type { Listing } from "./listing.ts";
import { ANSWER_AS_CLOSED, REASSEMBLE } from "./names.ts";

/**
 * Names, as `printNftables` takes them in `without`: what the program has no more, and the
 * sets that it has under the same name with another meaning, which must begin empty.
 */
export function staleIn(listing: Listing, program: Program): string[] {
  const wanted = new Set([
    ...[...program.chains.map(({ name }) => name), ANSWER_AS_CLOSED, REASSEMBLE].map(
      (name) => `chain ${name}`,
    ),
    ...program.sets.map(({ name }) => `set ${name}`),
    ...program.counters.map(({ name }) => `counter ${name}`),
    ...program.logs.map((line) => `limit ${line}_lines`),
  ]);
  const labels = new Map(program.sets.map((set) => [set.name, printLabel(labelOf(set))]));
  const changed = listing.sets
    .filter(({ name, label }) => labels.get(name) !== printLabel(label))
    .map(({ name }) => `set ${name}`);
  return [...new Set([...listing.names.filter((name) => !wanted.has(name)), ...changed])];
}
