/** How packets come to this host and through it: what the findings about ways past a gate need. */
import type { Host } from "../../../host/index.ts";
import {
  type Address,
  FAMILIES,
  type Family,
  type Prefix,
  widthOf,
} from "../../../policy/address.ts";
import type { Policy } from "../../../policy/policy.ts";
import { type IngressFilter, readIngress } from "./ingress.ts";
import { type Link, readLinks } from "./links.ts";
import { type Child, readChildren } from "./namespaces.ts";
import { type DefaultRoutes, type Routes, readDefaultRoutes, readRoutes } from "./routes.ts";

export interface Paths {
  readonly links: readonly Link[];
  /** To destinations of the policy, and to whoever was asked about besides. */
  readonly routes: Routes;
  readonly defaults: DefaultRoutes;
  /** Whether every bridge shows the firewall what it forwards (`bridge-nf-call-iptables`). */
  readonly showsBridged: Readonly<Record<Family, boolean>>;
  readonly children: readonly Child[];
  readonly ingress: readonly IngressFilter[];
  /** In words, what could not be looked at. */
  readonly notLookedAt: readonly string[];
}

/**
 * Reads what it may: without root it does not see the namespaces of containers.
 *
 * @param besides addresses to which the way is asked as well.
 */
export async function readPaths(
  host: Host,
  policy: Policy,
  besides: readonly Address[] = [],
): Promise<Paths> {
  const links = (await readLinks(host)) ?? [];
  const [routes, defaults, children, ingress, ...shown] = await Promise.all([
    readRoutes(host, [...samplesOf(policy), ...besides]),
    readDefaultRoutes(host),
    links.length === 0 ? NO_CHILDREN : readChildren(host, links),
    readIngress(host),
    ...FAMILIES.map((family) => isSet(host, SETTINGS[family])),
  ]);
  const [ipv4 = false, ipv6 = false] = shown;
  return {
    ...{ links, routes, defaults, showsBridged: { ipv4, ipv6 } },
    children: children.found,
    ingress: ingress ?? [],
    notLookedAt: [
      ...(links.length === 0
        ? ["bridges and containers were not looked at: `ip` does not tell"]
        : []),
      ...children.notLookedAt,
      ...(ingress === undefined
        ? ["filters before the gate were not looked at: `tc` does not tell"]
        : []),
    ],
  };
}

const NO_CHILDREN = { found: [], notLookedAt: [] };

const SETTINGS: Readonly<Record<Family, string>> = {
  ipv4: "/proc/sys/net/bridge/bridge-nf-call-iptables",
  ipv6: "/proc/sys/net/bridge/bridge-nf-call-ip6tables",
};

/** Absent without the module `br_netfilter`. */
async function isSet(host: Host, setting: string): Promise<boolean> {
  return ((await host.readKernelFile(setting)) ?? "0").trim() !== "0";
}

function samplesOf({ doors }: Policy): Address[] {
  return doors.flatMap(({ destinations }) => destinations.flatMap(samplesIn));
}

/** Addresses by which the place of a prefix is found: the first and the last that hosts may have. */
export function samplesIn({ first, length }: Prefix): Address[] {
  const size = 1n << BigInt(widthOf(first.family) - length);
  if (size <= 2n) return [first];
  return [1n, size - 2n].map((host) => ({ ...first, bits: first.bits | host }));
}
