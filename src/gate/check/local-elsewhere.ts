/** Addresses that are this host's by routing tables which a door does not look into. */

import { type Prefix, prefixHolds, printAddress, printPrefix } from "../../policy/address.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door } from "../../policy/policy.ts";
import type { Problem } from "../../problem/problem.ts";
import { isLoopback } from "../listeners.ts";
import type { OtherLocal } from "./local-routes.ts";
import { isSame, type Layout } from "./surroundings.ts";
import { enumerated, warning } from "./words.ts";

export function checkLocalElsewhere({ policy, places }: PlacedPolicy, layout: Layout): Problem[] {
  return policy.doors.flatMap((door, index) => {
    // One that names its destinations is before these and no others.
    if (door.destinations.length > 0) return [];
    return [true, false].flatMap((isCertain) => {
      const locals = layout.otherLocals.filter(
        (local) => isReached(door, local, layout) === isCertain,
      );
      if (locals.length === 0) return [];
      const problem = problemOf(door, locals, isCertain, layout);
      const place = places.doors[index]?.name;
      return [place === undefined ? problem : { ...problem, place }];
    });
  });
}

/** Whether everybody gets to a service there. */
function isReached(
  { protects }: Door,
  { prefix, isForAll }: OtherLocal,
  { addresses }: Layout,
): boolean {
  if (!isForAll) return false;
  // Over IPv4 a service can answer over TCP only from an address that an interface has.
  return (
    prefix.first.family === "ipv6" ||
    protects.some(({ protocol }) => protocol === "udp") ||
    addresses?.some((address) => prefixHolds(prefix, address)) === true
  );
}

function problemOf(
  { name }: Door,
  locals: readonly OtherLocal[],
  isCertain: boolean,
  { addresses = [] }: Layout,
): Problem {
  const prefixes = uniqueOf(locals.map(({ prefix }) => prefix));
  const tables = enumerated(locals.map(({ table }) => table));
  const are = prefixes.length === 1 ? "is an address" : "are addresses";
  const may = isCertain ? "passes" : "may pass";
  const what = `${enumerated(prefixes.map(printPrefix))} ${are} of this host by routing table ${tables}, which the kernel does not tell the gate: what comes there ${may} door ${name} without a knock`;
  const own = addresses
    .filter((address) => !isLoopback(address))
    .filter((address) => !prefixes.some(({ first }) => isSame(first, address)));
  const list = [...own.map(printAddress), ...prefixes.map(printPrefix)].join(", ");
  const fix = `name all addresses that the door is for: \`destinations: [${list}]\``;
  const problem = warning("local-elsewhere", undefined, what, fix);
  return isCertain ? { ...problem, severity: "error" } : problem;
}

function uniqueOf(prefixes: readonly Prefix[]): Prefix[] {
  return [...new Map(prefixes.map((prefix) => [printPrefix(prefix), prefix])).values()];
}
