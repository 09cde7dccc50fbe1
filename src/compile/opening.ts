/** What a knock that was made right brings its source, whatever the knock. */
import { type Carrier, printCarrier } from "../policy/carriers.ts";
import type { Door, Policy } from "../policy/policy.ts";
import type { Action, Chain, Counter } from "../program/program.ts";
import { chain, doing, forget, type OfFamily, remember } from "./rules.ts";
import { type DoorSets, nameCarrier } from "./sets.ts";

export interface OpeningParts {
  readonly policy: Policy;
  readonly door: Door;
  readonly own: DoorSets;
  readonly opened: Counter;
}

/** A full set ends the rule with these. */
export function grant({ door, own }: OpeningParts, of: OfFamily): Action[] {
  return [
    // A use is not given back to a membership that exists: it has to be made anew.
    ...(door.singleUse ? [forget(of(own.grants))] : []),
    remember(of(own.grants), door.openForSeconds, true),
  ];
}

/**
 * Entered only when there was room for the grant.
 *
 * @param carrier what carried the token; undefined for a sequence.
 */
export function openedChain({ policy, door, opened }: OpeningParts, carrier?: Carrier): Chain {
  const via = carrier === undefined ? {} : { via: printCarrier(carrier) };
  return chain(
    openedName(door, carrier),
    `${door.name}: count and log an opening.`,
    ...(policy.log ? [doing([], [{ kind: "log", line: "open", door: door.name, ...via }])] : []),
    doing([], [{ kind: "count", in: opened }]),
  );
}

export function openedName({ name }: Door, carrier?: Carrier): string {
  return carrier === undefined ? `opened_${name}` : `opened_${name}_${nameCarrier(carrier)}`;
}
