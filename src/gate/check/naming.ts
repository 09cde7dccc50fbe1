/** Interfaces and addresses that a policy names and this host does not have. */
import {
  type Prefix,
  parsePrefix,
  prefixesMeet,
  prefixHolds,
  printPrefix,
} from "../../policy/address.ts";
import { matchesInterface, printInterfaceEntry } from "../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Problem } from "../../problem/problem.ts";
import type { Surroundings } from "./surroundings.ts";
import { enumerated, warning } from "./words.ts";

export function checkNaming(placed: PlacedPolicy, around: Surroundings): Problem[] {
  return [...checkInterfaces(placed, around), ...checkDestinations(placed, around)];
}

function checkInterfaces({ policy }: PlacedPolicy, { interfaces: there }: Surroundings): Problem[] {
  if (there === undefined) return [];
  return policy.interfaces
    .filter(({ pattern }) => !there.some((name) => matchesInterface(pattern, name)))
    .map((entry) => {
      const what = `this host has no interface ${JSON.stringify(printInterfaceEntry(entry))} now, so no packet is looked at there`;
      const has = there.length === 0 ? "none but loopback" : enumerated(there);
      const fix = `correct \`interfaces\`, unless it is one that comes later; there is ${has}`;
      return warning("no-such-interface", undefined, what, fix);
    });
}

function checkDestinations(
  { policy, places }: PlacedPolicy,
  { addresses, forwards }: Surroundings,
): Problem[] {
  if (addresses === undefined) return [];
  const isReached = (prefix: Prefix) =>
    forwards[prefix.first.family] ||
    addresses.some((address) => prefixHolds(prefix, address)) ||
    EVERYBODYS.some((group) => prefixesMeet(group, prefix));
  return policy.doors.flatMap(({ name, destinations }, index) =>
    destinations
      .filter((prefix) => !isReached(prefix))
      .map((prefix) => {
        const what = `door ${name} stands before ${printPrefix(prefix)}, which is no address of this host now, and it forwards nothing`;
        const fix = `correct \`destinations\`, or let this host forward: sysctl -w ${SETTINGS[prefix.first.family]}=1`;
        return warning("not-this-host", places.doors[index]?.name, what, fix);
      }),
  );
}

/** Multicast and broadcast, which every host takes in. */
const EVERYBODYS = ["224.0.0.0/4", "255.255.255.255", "ff00::/8"].flatMap(
  (text) => parsePrefix(text) ?? [],
);

const SETTINGS = {
  ipv4: "net.ipv4.ip_forward",
  ipv6: "net.ipv6.conf.all.forwarding",
} as const;
