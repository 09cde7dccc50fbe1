/** Prefixes of one list that lie inside another of it. */
import type { Problem } from "../problem/problem.ts";
import { maskAddress, type Prefix, printPrefix } from "./address.ts";
import type { Located } from "./shape/shape.ts";
import { problemAt, quoted } from "./value/written.ts";

/**
 * One problem for each prefix that another holds already. Whoever wrote both may believe that
 * they mean different things, and nftables refuses a set of ranges that overlap.
 */
export function checkCover(items: readonly Located<Prefix>[]): Problem[] {
  const seen = new Map<string, Prefix>();
  const lengths = new Set<number>();
  return items
    .toSorted((a, b) => a.value.length - b.value.length)
    .flatMap(({ value, place }) => {
      const holder = [...lengths]
        .map((length) => seen.get(keyOf(value, length)))
        .find((prefix) => prefix !== undefined);
      lengths.add(value.length);
      seen.set(keyOf(value, value.length), value);
      if (holder === undefined) return [];
      const where = holder.length === value.length ? "this list" : printPrefix(holder);
      const what = `${quoted(printPrefix(value))} is in ${where} already`;
      return [problemAt(place, "repeated-item", what, "remove one of the two")];
    });
}

/** Names the prefix of so many bits that holds this one. */
function keyOf({ first, length }: Prefix, bits: number): string {
  return bits > length ? "" : `${first.family}/${bits}/${maskAddress(first, bits).bits}`;
}
