/** A way to the internet by an interface that the policy does not cover. */
import { FAMILIES } from "../../../policy/address.ts";
import { coversInterface, matchesInterface } from "../../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../../policy/parse.ts";
import type { Problem } from "../../../problem/problem.ts";
import { warning } from "../words.ts";
import type { Paths } from "./paths.ts";

/** None about an interface that the policy leaves out by name: that is meant. */
export function checkDefaultRoutes(
  { policy, places }: PlacedPolicy,
  { defaults }: Paths,
): Problem[] {
  const { interfaces } = policy;
  if (interfaces.length === 0) return [];
  const isLeftOut = (name: string) =>
    interfaces.some(({ isExcluded, pattern }) => isExcluded && matchesInterface(pattern, name));
  const open = new Set(
    FAMILIES.flatMap((family) => defaults[family]).filter(
      (name) => !coversInterface(interfaces, name) && !isLeftOut(name),
    ),
  );
  return [...open].map((name) => {
    const families = FAMILIES.filter((family) => defaults[family].includes(name));
    const packets = families.map((family) => (family === "ipv4" ? "IPv4" : "IPv6")).join(" and ");
    return warning(
      "default-route-uncovered",
      places.interfaces[0],
      `the default route (${packets}) goes by ${name}, which \`interfaces\` does not cover: what comes in there from the internet gets past the gate`,
      `cover it: write ${name} in \`interfaces\`; or leave it out on purpose, as "!${name}"`,
    );
  });
}
