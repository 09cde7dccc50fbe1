/** Addresses that a policy names and this host does not have. */
import {
  type Prefix,
  parsePrefix,
  prefixesMeet,
  prefixHolds,
  printPrefix,
} from "../../policy/address.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Problem } from "../../problem/problem.ts";
import type { Surroundings } from "./surroundings.ts";
import { warning } from "./words.ts";

export function checkNaming(
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
