/** Where packets enter the gate: only those of the interfaces that the policy covers go on. */
import { matchesInterface, overlap } from "../policy/interfaces.ts";
import type { InterfaceEntry, InterfacePattern, Policy } from "../policy/policy.ts";
import type { Chain, Match, Rule } from "../program/program.ts";
import { chain, goto, RETURN, rule } from "./rules.ts";

/** A chain that the kernel sends every incoming packet to. */
export interface Entry {
  readonly name: string;
  /** Where its rules stand when the policy names interfaces. */
  readonly inside: string;
  /** One line about the rules. */
  readonly note: string;
}

/**
 * The rules at an entry, for packets of the covered interfaces alone. A policy without
 * `interfaces` costs no comparison here; loopback is left out where {@link mayNameLoopback}, by
 * rules that fewer packets meet.
 */
export function chainsAtEntry(policy: Policy, entry: Entry, rules: readonly Rule[]): Chain[] {
  const { interfaces } = policy;
  if (interfaces.length === 0) return [chain(entry.name, entry.note, ...rules)];
  const included = interfaces.filter(({ isExcluded }) => !isExcluded);
  const inside = goto(entry.inside);
  return [
    chain(
      entry.name,
      "The gate covers these interfaces only.",
      ...exclusionsThatMatter(interfaces).map((pattern) => rule([cameInBy(pattern)], RETURN)),
      ...(included.length === 0
        ? [rule([], inside)]
        : included.map(({ pattern }) => rule([cameInBy(pattern)], inside))),
    ),
    chain(entry.inside, entry.note, ...rules),
  ];
}

/** Whether what the policy's interfaces let into the gate may have come by loopback. */
export function mayNameLoopback(interfaces: readonly InterfaceEntry[]): boolean {
  const includes = interfaces.filter(({ isExcluded }) => !isExcluded);
  return (
    includes.length === 0 || includes.some(({ pattern }) => matchesInterface(pattern, LOOPBACK))
  );
}

const LOOPBACK = "lo";

/** Those that take nothing away from what is included would cost each packet a comparison. */
function exclusionsThatMatter(interfaces: readonly InterfaceEntry[]): InterfacePattern[] {
  const included = interfaces.filter(({ isExcluded }) => !isExcluded);
  return interfaces
    .filter(({ isExcluded }) => isExcluded)
    .map(({ pattern }) => pattern)
    .filter(
      (excluded) =>
        included.length === 0 || included.some(({ pattern }) => overlap(pattern, excluded)),
    );
}

function cameInBy({ name, isPrefix }: InterfacePattern): Match {
  return { kind: "interface", name, isPrefix };
}
