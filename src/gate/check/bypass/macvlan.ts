/** Macvlan and ipvlan interfaces of this host on an interface that the policy covers. */
import { coversInterface, matchesInterface } from "../../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../../policy/parse.ts";
import type { Problem } from "../../../problem/problem.ts";
import { warning } from "../words.ts";
import type { Paths } from "./paths.ts";

/** They take packets from the same wire under names of their own. */
export function checkMacvlans({ policy, places }: PlacedPolicy, { links }: Paths): Problem[] {
  const { interfaces } = policy;
  return links.flatMap(({ name, kind, parent }) => {
    if (!/^(macvlan|ipvlan)$/.test(kind ?? "") || parent === undefined) return [];
    if (!coversInterface(interfaces, parent) || coversInterface(interfaces, name)) return [];
    const excluded = interfaces.some((e) => e.isExcluded && matchesInterface(e.pattern, name));
    if (excluded) return [];
    const index = interfaces.findIndex((e) => !e.isExcluded && matchesInterface(e.pattern, parent));
    return [
      warning(
        "macvlan-uncovered",
        places.interfaces[index],
        `${name} is a ${kind} on ${parent}: packets to its address come in by the name ${name}, which \`interfaces\` does not cover, and get past the gate`,
        `cover it: write ${name} in \`interfaces\`; or leave it out on purpose, as "!${name}"`,
      ),
    ];
  });
}
