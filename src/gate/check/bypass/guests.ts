/** Destinations whose packets this host hands on without showing them to the gate. */
import {
  type Address,
  type Family,
  type Prefix,
  prefixHolds,
  printAddress,
  printPrefix,
} from "../../../policy/address.ts";
import type { PlacedPolicy } from "../../../policy/parse.ts";
import type { Door } from "../../../policy/policy.ts";
import type { Problem } from "../../../problem/problem.ts";
import { asError, warning } from "../words.ts";
import { type Link, linkNamed } from "./links.ts";
import type { Child } from "./namespaces.ts";
import { type Paths, samplesIn } from "./paths.ts";

/** A destination that packets of some senders reach past the gate. */
export interface Bypass {
  readonly destination: Prefix;
  /** The interface at which they come: senders who are reached by it are not gated. */
  readonly at: string;
  /** Whether strangers get past the gate for certain. */
  readonly isCertain: boolean;
  /** Whether those who come in there do so for certain. */
  readonly isCertainThere: boolean;
  /** A clause. */
  readonly why: string;
  readonly fix: string;
}

export function checkGuests({ policy, places }: PlacedPolicy, paths: Paths): Problem[] {
  return policy.doors.flatMap((door, index) =>
    bypassesOf(door, paths).map(({ destination, isCertain, why, fix }) => {
      const may = isCertain ? "do not pass the gate" : "may not pass the gate";
      const what = `packets to ${printPrefix(destination)}, before which door ${door.name} stands, ${may}: ${why}`;
      const problem = warning("guest-not-gated", places.doors[index]?.name, what, fix);
      return isCertain ? asError(problem) : problem;
    }),
  );
}

/** At most one for each destination. */
export function bypassesOf({ destinations }: Door, paths: Paths): Bypass[] {
  return destinations.flatMap(
    (destination) => containerAt(destination, paths) ?? neighbourAt(destination, paths) ?? [],
  );
}

function containerAt(destination: Prefix, { children }: Paths): Bypass | undefined {
  const child = children.find(
    ({ addresses, link }) =>
      isPastGate(link) && addresses.some((address) => prefixHolds(destination, address)),
  );
  if (child === undefined) return undefined;
  return {
    destination,
    at: child.on,
    ...{ isCertain: true, isCertainThere: true },
    why: `a container has that address by ${nameChild(child)}, which takes them from the wire`,
    fix: "run Postern in the container's network namespace, or connect the container by routing instead",
  };
}

/** In this mode the packets of an ipvlan are routed by this host, and the gate sees them. */
export function isPastGate({ kind, mode }: Link): boolean {
  return !(kind === "ipvlan" && mode === "l3s");
}

export function nameChild({ link, on }: Child): string {
  return `${link.kind === "ipvlan" ? "an" : "a"} ${link.kind} on ${on}`;
}

/** On a network that is this host's own, where packets need no router. */
function neighbourAt(destination: Prefix, paths: Paths): Bypass | undefined {
  for (const sample of samplesIn(destination)) {
    const route = paths.routes.get(printAddress(sample));
    if (route === undefined || route.type !== "unicast" || route.isFarther) continue;
    const link = linkNamed(paths.links, route.interface);
    const bridge = link === undefined ? undefined : bridgeOf(link, paths.links);
    const found =
      bridge === undefined
        ? onSameNetwork(destination, sample, route.interface, paths)
        : behindBridge(destination, bridge, route.interface, paths);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A bridge, also by a VLAN of it. */
function bridgeOf(link: Link, links: readonly Link[]): Link | undefined {
  if (link.kind === "bridge") return link;
  const parent = link.kind === "vlan" ? linkNamed(links, link.parent) : undefined;
  return parent?.kind === "bridge" ? parent : undefined;
}

const SETTINGS: Readonly<Record<Family, string>> = {
  ipv4: "net.bridge.bridge-nf-call-iptables",
  ipv6: "net.bridge.bridge-nf-call-ip6tables",
};

function behindBridge(
  destination: Prefix,
  bridge: Link,
  at: string,
  { links, defaults, showsBridged }: Paths,
): Bypass | undefined {
  const { family } = destination.first;
  if (showsBridged[family] || bridge.showsBridged[family]) return undefined;
  const ports = links.filter(({ master }) => master === bridge.name);
  const isOutside = defaults[family].includes(at) || ports.some(isUplink);
  if (!isOutside && ports.length < 2) return undefined;
  const setting = SETTINGS[family];
  return {
    ...{ destination, at, isCertain: isOutside, isCertainThere: true },
    why: isOutside
      ? `bridge ${bridge.name} hands them from port to port`
      : `what else is connected to bridge ${bridge.name} reaches it from port to port`,
    fix: `run Postern in the guest; or show the bridge's packets to every firewall of this host: \`modprobe br_netfilter && sysctl -w ${setting}=1\``,
  };
}

/** What is neither a container's nor a virtual machine's leads out of this host. */
function isUplink({ kind }: Link): boolean {
  return kind !== "veth" && kind !== "tun";
}

/** By the interface by which strangers come, too: their router may know a shorter way. */
function onSameNetwork(
  destination: Prefix,
  sample: Address,
  at: string,
  { defaults }: Paths,
): Bypass | undefined {
  if (!defaults[sample.family].includes(at)) return undefined;
  return {
    ...{ destination, at, isCertain: false, isCertainThere: false },
    why: `it is on the network of ${at}, by which the default route goes, and a router there sends packets to it directly`,
    fix: "run Postern on that host, or let it be reached through this one alone",
  };
}
