/** The list `interfaces`: which interfaces it covers, and entries of it that say nothing. */
import type { Problem } from "../problem/problem.ts";
import type { InterfaceEntry, InterfacePattern } from "./policy.ts";
import type { Located } from "./shape/shape.ts";
import { problemAt, quoted } from "./value/written.ts";

/** Whether a gate looks at what comes in by the interface of this name. */
export function coversInterface(entries: readonly InterfaceEntry[], name: string): boolean {
  if (name === "lo") return false;
  const included = entries.filter(({ isExcluded }) => !isExcluded);
  const isMatched = (entry: InterfaceEntry) => matchesInterface(entry.pattern, name);
  if (entries.some((entry) => entry.isExcluded && isMatched(entry))) return false;
  return included.length === 0 || included.some(isMatched);
}

export function matchesInterface({ name, isPrefix }: InterfacePattern, other: string): boolean {
  return isPrefix ? other.startsWith(name) : other === name;
}

/** Whether some name is matched by both. */
export function overlap(a: InterfacePattern, b: InterfacePattern): boolean {
  return matchesInterface(a, b.name) || matchesInterface(b, a.name);
}

/** As a policy writes it. */
export function printInterfaceEntry({ isExcluded, pattern }: InterfaceEntry): string {
  return `${isExcluded ? "!" : ""}${pattern.name}${pattern.isPrefix ? "*" : ""}`;
}

/** A name that the gate covers, of the first included entry where that is possible. */
export function exampleInterface(entries: readonly InterfaceEntry[]): string {
  const stems = entries
    .filter(({ isExcluded }) => !isExcluded)
    .map(({ pattern: { name, isPrefix } }) => ({ name: String(name), isPrefix }));
  const candidates = [...stems, { name: "any", isPrefix: true }].flatMap(({ name, isPrefix }) =>
    isPrefix ? SUFFIXES.map((suffix) => `${name}${suffix}`) : [name],
  );
  return candidates.find((name) => coversInterface(entries, name)) ?? "any";
}

const SUFFIXES = ["", ...Array.from("0123456789abcdefghijklmnopqrstuvwxyz")];

/** Entries that another makes void: repeated, contained in another, or taken away. */
export function checkInterfaces(items: readonly Located<InterfaceEntry>[]): Problem[] {
  return items.flatMap((item, index) => {
    const { isExcluded, pattern } = item.value;
    const others = items.filter((_, other) => other !== index).map(({ value }) => value);
    const excluding = others.find((other) => other.isExcluded && holds(other.pattern, pattern));
    if (!isExcluded && excluding !== undefined) return [takenAway(item, excluding)];
    const holder = items.find(
      ({ value }, other) =>
        other !== index &&
        value.isExcluded === isExcluded &&
        holds(value.pattern, pattern) &&
        (other < index || !holds(pattern, value.pattern)),
    );
    return holder === undefined ? [] : [repeated(item, holder.value)];
  });
}

/** Whether every name that `inner` matches is matched by `outer`. */
function holds(outer: InterfacePattern, inner: InterfacePattern): boolean {
  if (inner.isPrefix && !outer.isPrefix) return false;
  return matchesInterface(outer, inner.name);
}

function takenAway({ value, place }: Located<InterfaceEntry>, by: InterfaceEntry): Problem {
  const what = `${quoted(printInterfaceEntry(value))} is covered, and ${quoted(printInterfaceEntry(by))} leaves it out`;
  return problemAt(place, "contradicting-items", what, "remove one of the two");
}

function repeated({ value, place }: Located<InterfaceEntry>, by: InterfaceEntry): Problem {
  const [name, other] = [value, by].map(printInterfaceEntry);
  const where = name === other ? "this list" : `${other}`;
  const what = `${quoted(name ?? "")} is in ${where} already`;
  return problemAt(place, "repeated-item", what, "remove one of the two");
}
