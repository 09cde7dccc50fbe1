/** The gate that stands on a host, whichever backend holds it. */
import type { Gap, Listing } from "../backend/live.ts";
import type { Host } from "../host/index.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import type { Backend, HowToRead } from "./backend.ts";
import { BACKENDS } from "./backends.ts";
import { findObstacle } from "./obstacle.ts";

export interface Standing {
  readonly backend: Backend;
  readonly listing: Listing;
}

/** Those that can hold a gate on this host. None is a problem. */
export async function usableBackends(host: Host): Promise<Result<readonly Backend[]>> {
  const obstacle = await findObstacle(host);
  if (obstacle !== undefined) return fail(obstacle);
  const usable: Backend[] = [];
  let first: Problem | undefined;
  for (const backend of BACKENDS) {
    const lack = await backend.findObstacle(host);
    if (lack === undefined) usable.push(backend);
    first ??= lack;
  }
  // Of several that are lacking, the one to prefer is the one to get.
  return usable.length > 0 || first === undefined ? ok(usable) : fail(first);
}

/** Undefined where there is none. A backend that this host has no tools for holds no gate. */
export async function findGate(host: Host, how: HowToRead): Promise<Result<Standing | undefined>> {
  const usable = await usableBackends(host);
  if (!usable.ok) return usable;
  for (const backend of usable.value) {
    const listing = await backend.read(host, how);
    if (!listing.ok) return listing;
    if (listing.value !== undefined) return ok({ backend, listing: listing.value });
  }
  return ok(undefined);
}

/** The same; none is a problem. */
export async function readGate(host: Host, how = { members: true }): Promise<Result<Standing>> {
  const gate = await findGate(host, how);
  if (!gate.ok) return gate;
  return gate.value === undefined ? fail(NO_GATE) : ok(gate.value);
}

/** The same; one that packets get past is a problem as well. To ban somebody works there, too. */
export async function readWholeGate(
  host: Host,
  how = { members: true },
): Promise<Result<Standing>> {
  const gate = await readGate(host, how);
  if (!gate.ok) return gate;
  // A gate of an earlier release has no table for fragments, and works all the same.
  const gaps = gapsOf(gate.value.listing).filter(({ what }) => what !== "no fragments");
  return gaps.length > 0 ? fail(...gaps.map(gapInGate)) : gate;
}

/** Where packets get past the gate, as problems. */
export function findGaps(listing: Listing): Problem[] {
  return gapsOf(listing).map(gapInGate);
}

function gapsOf({ gaps = [] }: Listing): readonly Gap[] {
  return gaps;
}

const GAPS: Readonly<Record<Gap["what"], string>> = {
  gone: "its chains are gone from the raw table",
  emptied: "rules are gone from its chains in the raw table",
  "not reached": "nothing leads to its chains from PREROUTING of the raw table",
  "no fragments": "its table ip6 postern, which sees fragments, is missing",
};

function gapInGate({ family, what }: Gap): Problem {
  const packets = family === "ipv4" ? "IPv4" : "IPv6";
  return {
    code: "gate-has-gap",
    severity: "error",
    what: `the gate does not filter ${what === "no fragments" ? "fragmented " : ""}${packets}: ${GAPS[what]}`,
    fix: "load it again with `postern apply`, and find out what else loads rules on this host",
  };
}

/** The backends besides one that hold a gate as well. */
export async function findOthers(
  host: Host,
  { name }: Backend,
): Promise<Result<readonly Backend[]>> {
  const others: Backend[] = [];
  for (const backend of BACKENDS.filter((one) => one.name !== name)) {
    if ((await backend.findObstacle(host)) !== undefined) continue;
    const listing = await backend.read(host, { members: false });
    if (!listing.ok) return listing;
    if (listing.value !== undefined) others.push(backend);
  }
  return ok(others);
}

/** Takes away every gate that can be taken away, also after a problem with another one. */
export async function removeGates(
  host: Host,
  backends: readonly Backend[],
): Promise<Result<undefined>> {
  const problems: Problem[] = [];
  for (const backend of backends) {
    const removed = await backend.remove(host);
    if (!removed.ok) problems.push(...removed.problems);
  }
  return problems.length === 0 ? ok(undefined) : fail(...problems);
}

export const NO_GATE: Problem = {
  code: "no-gate",
  severity: "error",
  what: "there is no gate on this host",
  fix: "load one with `postern apply`",
};
