/** Whether packets of a source come to the gate at all. */
import { type Address, printAddress } from "../../policy/address.ts";
import { coversInterface } from "../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door } from "../../policy/policy.ts";
import { isLinkLocal } from "../check/addresses.ts";
import { type Bypass, bypassesOf, type Paths } from "../check/bypass/index.ts";
import type { WhyNotGated } from "./visit.ts";

export interface Way {
  /** The interface by which they are taken to come in: answers leave by it. Null: unknown. */
  readonly comesBy: string | null;
  /** Whatever door they are for; undefined: they come to the gate. */
  readonly notGated: WhyNotGated | undefined;
  readonly paths: Paths | undefined;
}

export function wayOf(
  { policy }: PlacedPolicy,
  source: Address,
  isOfThisHost: boolean,
  paths: Paths | undefined,
): Way {
  if (isOfThisHost) return { comesBy: null, notGated: "not-gated", paths };
  const route = isLinkLocal(source) ? undefined : paths?.routes.get(printAddress(source));
  const comesBy = route?.interface ?? null;
  const isCovered = comesBy === null || coversInterface(policy.interfaces, comesBy);
  return { comesBy, notGated: isCovered ? undefined : "other-interface", paths };
}

/** Of the source's family, the destinations that it reaches past the gate. */
export function wayTo(
  door: Door,
  { family }: Address,
  { comesBy, notGated, paths }: Way,
): { readonly bypasses: readonly Bypass[]; readonly notGated: WhyNotGated | undefined } {
  if (notGated === "not-gated" || paths === undefined) return { bypasses: [], notGated };
  // Who comes in by another interface is routed by this host, and so the gate sees it.
  const bypasses = bypassesOf(door, paths).filter(
    ({ destination, at }) => destination.first.family === family && comesBy === at,
  );
  const own = door.destinations.filter(({ first }) => first.family === family);
  const reachesAll =
    own.length > 0 &&
    own.every((destination) =>
      bypasses.some((bypass) => bypass.destination === destination && bypass.isCertainThere),
    );
  return { bypasses, notGated: reachesAll ? "past-gate" : notGated };
}
