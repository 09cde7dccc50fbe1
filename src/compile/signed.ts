/** The chains that find what may be a signed knock and show it to the agent (design 7). */
import { FAMILIES, type Family, printPrefix } from "../policy/address.ts";
import {
  CARRIERS,
  type Carrier,
  printCarrier,
  SIGNED_PAYLOAD_BYTES,
  type SignedCarrier,
} from "../policy/carriers.ts";
import type { Door, Policy } from "../policy/policy.ts";
import type { CandidateCounter, Chain, Match, TimedSet } from "../program/program.ts";
import { exemptLoopback } from "./doorway.ts";
import { chain, doing, goto, member, rule } from "./rules.ts";
import { nameCarrier, type SignedSets } from "./sets.ts";

/** One for the gate: which door a knock is for, the agent alone can read. */
export const CANDIDATES: CandidateCounter = { name: "signed_candidates", counts: "candidates" };

export function hasSigned({ doors }: Policy): boolean {
  return doors.some(({ signed }) => signed !== undefined);
}

/** What tells packets of a carrier that may be signed knocks, and shows them to the agent. */
export function compileSigned(
  policy: Policy,
  carrier: SignedCarrier,
  { tags }: SignedSets,
): Chain[] {
  return [tagChain(policy, carrier, tags), candidateChain(carrier)];
}

export function signedName(carrier: Carrier): string {
  return `signed_${nameCarrier(carrier)}`;
}

/** The cheapest question first; where the packet goes to is asked of few. */
function tagChain(policy: Policy, carrier: SignedCarrier, tags: TimedSet): Chain {
  const to = goto(`candidate_${nameCarrier(carrier)}`);
  return chain(
    signedName(carrier),
    `${CARRIERS[carrier.kind].packet}: does it begin as signed knocks of this time do?`,
    ...exemptLoopback(policy),
    ...placesOf(policy, carrier).map(({ family, at }) =>
      rule([wholeIn(family), member(tags), at], to),
    ),
  );
}

/** IP packets of such lengths can hold a signed knock, in one family or the other. */
const LEAST_HEADER_BYTES = 28;
const MOST_HEADER_BYTES = 48;

/** What comes in parts is never put together for the agent. */
function wholeIn(family: Family): Match {
  const { least, most } = SIGNED_PAYLOAD_BYTES;
  return {
    kind: "whole",
    family,
    least: least + LEAST_HEADER_BYTES,
    most: most + MOST_HEADER_BYTES,
  };
}

interface Place {
  readonly family: Family;
  readonly at: Match;
}

/** Where the doors are that have the carrier, each place once: no packet is handed over twice. */
function placesOf({ doors }: Policy, carrier: SignedCarrier): Place[] {
  const places = doors
    .filter(({ signed }) => signed?.carriers.some((own) => isSame(own, carrier)))
    .flatMap(placesOfDoor);
  return [...new Map(places.map((place) => [nameOf(place), place])).values()];
}

function isSame(one: SignedCarrier, other: SignedCarrier): boolean {
  return printCarrier(one) === printCarrier(other);
}

function placesOfDoor({ destinations }: Door): Place[] {
  if (destinations.length === 0) {
    return FAMILIES.map((family) => ({ family, at: { kind: "destined-here" } }));
  }
  return destinations.map((prefix) => ({
    family: prefix.first.family,
    at: { kind: "destination", in: prefix },
  }));
}

function nameOf({ family, at }: Place): string {
  return at.kind === "destination" ? printPrefix(at.in) : family;
}

/** It goes on its way as it would without this. */
function candidateChain(carrier: SignedCarrier): Chain {
  return chain(
    `candidate_${nameCarrier(carrier)}`,
    `${printCarrier(carrier)}: it may be a signed knock. The agent is shown it.`,
    doing([], [{ kind: "count", in: CANDIDATES }]),
    doing([], [{ kind: "hand-over", carrier: printCarrier(carrier) }]),
  );
}
