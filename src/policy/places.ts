/** Where in its file the parts of a policy stand, for problems that come up after reading it. */
import type { Place } from "../problem/problem.ts";
import type { DraftDoor } from "./across.ts";
import type { PolicyFields } from "./keys.ts";
import type { Located } from "./shape/shape.ts";

/** Lists are in the order of the policy's own. */
export interface Places {
  readonly interfaces: readonly Place[];
  readonly trusted: readonly Place[];
  /** The key `after` of `ban`. */
  readonly banAfter: Place | undefined;
  readonly doors: readonly DoorPlaces[];
}

export interface DoorPlaces {
  /** The door's name. */
  readonly name: Place;
  readonly protects: readonly Place[];
  /** Empty where the door has no sequence. */
  readonly steps: readonly Place[];
  /** The key, where it is written; otherwise the range follows from the steps. */
  readonly watch: Place | undefined;
  /** The keys, where they are written. */
  readonly refuse: Place | undefined;
  readonly singleUse: Place | undefined;
  readonly token: Place | undefined;
  readonly lookahead: Place | undefined;
  /** Empty where the door has no token. */
  readonly carriers: readonly Place[];
  readonly signed: Place | undefined;
  readonly signers: Place | undefined;
  /** Empty where the door has no `signed`. */
  readonly signedCarriers: readonly Place[];
}

export function placesOf({ interfaces, trusted, ban, doors }: PolicyFields): Places {
  return {
    interfaces: placesIn(interfaces.value),
    trusted: placesIn(trusted.value),
    banAfter: ban.value?.after.place,
    doors: (doors.value ?? []).map(doorPlaces),
  };
}

function doorPlaces({ place, content }: DraftDoor): DoorPlaces {
  const sequence = content.sequence.value;
  return {
    name: place,
    protects: placesIn(content.protects.value),
    steps: placesIn(sequence?.steps.value),
    watch: sequence?.watch.place,
    refuse: content.refuse.place,
    singleUse: content["single-use"].place,
    token: content.token.place,
    lookahead: content.token.value?.lookahead.place,
    carriers: placesIn(content.token.value?.carriers.value),
    signed: content.signed.place,
    signers: content.signed.value?.signers.place,
    signedCarriers: placesIn(content.signed.value?.carriers.value),
  };
}

function placesIn(items: readonly Located<unknown>[] | undefined): Place[] {
  return (items ?? []).map(({ place }) => place);
}
