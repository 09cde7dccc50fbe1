/** Where packets get past the gate of a policy on this host. */
import type { PlacedPolicy } from "../../../policy/parse.ts";
import type { Problem } from "../../../problem/problem.ts";
import { checkCovering } from "../covering.ts";
import { checkBeforeGate } from "./before-gate.ts";
import { checkBridgePorts } from "./bridge-port.ts";
import { checkContainers } from "./containers.ts";
import { checkDefaultRoutes } from "./default-route.ts";
import { checkGuests } from "./guests.ts";
import { checkMacvlans } from "./macvlan.ts";
import type { Paths } from "./paths.ts";

export { checkBeforeGate } from "./before-gate.ts";
export { type Bypass, bypassesOf } from "./guests.ts";
export type { Link } from "./links.ts";
export type { Child } from "./namespaces.ts";
export { type Paths, readPaths } from "./paths.ts";
export type { Route } from "./routes.ts";

/** The same, and interfaces that the policy names and this host does not have. */
export function findBypasses(placed: PlacedPolicy, paths: Paths): Problem[] {
  const names = paths.links.map(({ name }) => name).filter((name) => name !== "lo");
  const interfaces = paths.links.length === 0 ? undefined : names;
  return [...checkCovering(placed, { interfaces }), ...checkBypasses(placed, paths)];
}

export function checkBypasses(placed: PlacedPolicy, paths: Paths): Problem[] {
  const ports = checkBridgePorts(placed, paths);
  return [
    ...ports,
    // Where a port is covered instead of its bridge, that is what is wrong with the route, too.
    ...(ports.length > 0 ? [] : checkDefaultRoutes(placed, paths)),
    ...checkMacvlans(placed, paths),
    ...checkGuests(placed, paths),
    ...checkContainers(placed, paths),
    ...checkBeforeGate(placed, paths),
  ];
}
