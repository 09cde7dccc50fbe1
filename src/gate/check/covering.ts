/** Interfaces that a policy names and this host does not have. */
import { coversInterface, matchesInterface, printInterfaceEntry } from "../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { InterfaceEntry } from "../../policy/policy.ts";
import type { Place, Problem } from "../../problem/problem.ts";
import type { Surroundings } from "./surroundings.ts";
import { asError, enumerated, warning } from "./words.ts";

/** Where no interface is covered the gate sees no packet, and all of the entries are errors. */
export function checkCovering(
  { policy, places }: PlacedPolicy,
  { interfaces: there }: Pick<Surroundings, "interfaces">,
): Problem[] {
  if (there === undefined || policy.interfaces.length === 0) return [];
  const isBlind = !there.some((name) => coversInterface(policy.interfaces, name));
  const missing = policy.interfaces.flatMap((entry, index) => {
    if (there.some((name) => matchesInterface(entry.pattern, name))) return [];
    // What is left out and not there takes nothing away, and may come later.
    if (entry.isExcluded) return [];
    const problem = notThere(entry, places.interfaces[index], there, isBlind);
    return [isBlind ? asError(problem) : problem];
  });
  if (!isBlind || missing.length > 0) return missing;
  const what = "`interfaces` leaves out every interface of this host, so the gate sees no packet";
  const fix = `cover one of them: ${has(there)}`;
  return [asError(warning("no-such-interface", places.interfaces[0], what, fix))];
}

function notThere(
  entry: InterfaceEntry,
  place: Place | undefined,
  there: readonly string[],
  isBlind: boolean,
): Problem {
  const written = printInterfaceEntry(entry);
  const which = entry.pattern.isPrefix
    ? `this host has no interface now that ${JSON.stringify(written)} matches`
    : `this host has no interface ${JSON.stringify(written)} now`;
  const so = isBlind ? "and the gate sees no packet" : "and the gate looks at none of its packets";
  const pattern = patternFor(entry);
  const later =
    pattern === undefined
      ? "if it comes later, start the link before you apply"
      : `if it comes later, perhaps under another number, write "${pattern}"`;
  const fix = `name one that there is, ${has(there)}; ${later}`;
  return warning("no-such-interface", place, `${which}, ${so}`, fix);
}

/** `ppp*` for `ppp0`. */
function patternFor({ pattern: { name, isPrefix } }: InterfaceEntry): string | undefined {
  const [, stem] = /^(.*[A-Za-z_-])\d+$/.exec(name) ?? [];
  return isPrefix || stem === undefined ? undefined : `${stem}*`;
}

function has(there: readonly string[]): string {
  return there.length === 0 ? "which is none but loopback" : `such as ${enumerated(there)}`;
}
