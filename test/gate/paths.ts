/** How packets come to a host of a test. */
import type { Link, Paths } from "../../src/gate/check/bypass/index.ts";
import { findBypasses } from "../../src/gate/check/bypass/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { sure } from "../setup/sure.ts";

const NEITHER = { ipv4: false, ipv6: false };

export const NO_PATHS: Paths = {
  links: [],
  routes: new Map(),
  defaults: { ipv4: [], ipv6: [] },
  showsBridged: NEITHER,
  children: [],
  ingress: [],
  notLookedAt: [],
};

/** A network card, unless it is said to be something else. */
export function link(name: string, over: Partial<Link> = {}): Link {
  return {
    ...{ name, index: 2, mac: "02:00:00:00:00:01", kind: undefined, mode: undefined },
    ...{ master: undefined, masterKind: undefined, parent: undefined, parentIndex: undefined },
    ...{ isParentElsewhere: false, showsBridged: NEITHER, xdp: [] },
    ...over,
  };
}

export function portOf(master: string, name: string, over: Partial<Link> = {}): Link {
  return link(name, { master, masterKind: "bridge", ...over });
}

/** `severity code: what; fix`. */
export function toldOf(policy: string, paths: Partial<Paths>): string[] {
  const placed = sure(parsePlacedPolicy(policy, "policy.yaml"));
  return findBypasses(placed, { ...NO_PATHS, ...paths }).map(
    ({ severity, code, what, fix }) => `${severity} ${code}: ${what}; ${fix}`,
  );
}

/** `severity code`. */
export function codesOf(policy: string, paths: Partial<Paths>): string[] {
  return toldOf(policy, paths).map((line) => line.split(":", 1)[0] ?? "");
}
