/**
 * Keeps the kernel filled with tokens: puts in those that are missing for the time ahead, takes
 * away those of clients whose keys are gone, and tells who has knocked since the last time.
 */
import type { Listing } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import type { ClientName, Policy } from "../../policy/policy.ts";
import { ok, type Problem, type Result } from "../../problem/problem.ts";
import type { TokenSets } from "../backend.ts";
import type { Keep } from "../keep/keep.ts";
import { forgetRevoked, readKeys } from "../keys/store.ts";
import { type FilledCarrier, fill, markIn } from "./fill.ts";
import { type Knock, knocksAt } from "./knocks.ts";
import { noteUse } from "./note-use.ts";
import { membersByName, placesOf } from "./sets.ts";
import { leaveOutTold } from "./told.ts";

export interface Refilled {
  readonly carriers: readonly FilledCarrier[];
  /** Clients whose tokens have all left the kernel. */
  readonly gone: readonly ClientName[];
  /** Those of which nobody has been told yet. */
  readonly knocks: readonly Knock[];
  /** What was not possible, or is strange. */
  readonly problems: readonly Problem[];
}

/** A gate, and what it is made of. */
export interface TokenGate {
  readonly sets: TokenSets;
  readonly policy: Policy;
  readonly listing: Listing;
}

/** Needs nobody else at work. */
export async function refillTokens(
  host: Host,
  keep: Keep,
  { sets, policy, listing }: TokenGate,
): Promise<Result<Refilled>> {
  const keys = await readKeys(host);
  if (!keys.ok) return keys;
  const places = placesOf(policy, listing);
  const read = await sets.read(
    host,
    places.flatMap(({ loaded, uses }) => [loaded, ...uses]),
  );
  if (!read.ok) return read;
  const members = membersByName(read.value);
  const now = host.now() / 1000;
  const known = [...keys.value.clients, ...keys.value.revoked];
  const knocks = places.flatMap((place) =>
    knocksAt(
      { door: place.door.name, carrier: place.carrier, window: place.token },
      place.uses.flatMap(members),
      known,
      now,
    ),
  );
  const clients =
    places.length === 0 ? keys.value.clients : await noteUse(host, keys.value.clients, knocks);
  const carriers: FilledCarrier[] = [];
  const problems: Problem[] = [...keys.value.problems];
  for (const place of places) {
    const marks = members(place.loaded).flatMap(markIn);
    const filled = await fill(host, sets, { place, marks, keys: { ...keys.value, clients }, now });
    if (!filled.ok) return filled;
    carriers.push(filled.value.carrier);
    problems.push(...filled.value.problems);
  }
  for (const client of keys.value.revoked) {
    const forgotten = await forgetRevoked(host, client);
    if (!forgotten.ok) problems.push(...forgotten.problems);
  }
  return ok({
    carriers,
    gone: keys.value.revoked.map(({ name }) => name),
    knocks: await leaveOutTold(keep, knocks),
    problems,
  });
}
