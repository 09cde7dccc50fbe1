/** What a listing has of one source. */
import type { Listing, LiveSet } from "../../backend/live.ts";
import { type Address, maskAddress } from "../../policy/address.ts";
import type { Role } from "../../program/index.ts";

/**
 * Others matter only by the room that they leave: of a set that has some, their members are left
 * out, or every look would go through tens of thousands.
 */
export function withRelevant(listing: Listing, source: Address): Listing {
  return {
    ...listing,
    sets: listing.sets.map((set) => {
      if (set.members.length >= set.capacity && set.family === source.family) return set;
      return { ...set, members: membersFor(set, source) };
    }),
  };
}

function membersFor({ family, label, members }: LiveSet, source: Address): LiveSet["members"] {
  if (family !== source.family || label.prefixLength === 0) return [];
  const key = maskAddress(source, label.prefixLength).bits;
  return members.filter((member) => member.source?.bits === key);
}

/** Where the source is a member, and for how long. */
export function timedIn(
  { sets }: Listing,
  source: Address,
  is: (role: Role) => boolean,
): { readonly role: Role; readonly secondsLeft: number | null }[] {
  return sets
    .filter(({ label }) => is(label.role))
    .flatMap((set) =>
      membersFor(set, source).map(({ secondsLeft }) => ({
        role: set.label.role,
        secondsLeft: secondsLeft ?? null,
      })),
    );
}
