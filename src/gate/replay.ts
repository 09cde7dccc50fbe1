/** Sets as they are after changes that came later than they were read. */
import { holds, type LiveMember, type LiveSet } from "../backend/live.ts";
import {
  type Address,
  maskAddress,
  type Prefix,
  prefixesMeet,
  prefixOf,
  shorten,
} from "../policy/address.ts";
import type { NotedChange } from "./keep/changes.ts";

/** Sets as they are when so much time has passed; who has less than a second left is left out. */
export function age(sets: readonly LiveSet[], seconds: number): readonly LiveSet[] {
  return sets.map((set) => ({
    ...set,
    members: set.members.flatMap((member) => {
      if (member.secondsLeft === undefined) return [member];
      const secondsLeft = Math.floor(member.secondsLeft - seconds);
      return secondsLeft >= 1 ? [{ ...member, secondsLeft }] : [];
    }),
  }));
}

/** @param now in seconds since the boot, as the times of the changes. */
export function replay(
  sets: readonly LiveSet[],
  changes: readonly NotedChange[],
  now: number,
): readonly LiveSet[] {
  return changes.reduce(
    (before, change) =>
      before.map((set) => ({ ...set, members: membersAfter(before, set, change, now) })),
    sets,
  );
}

function membersAfter(
  sets: readonly LiveSet[],
  set: LiveSet,
  { change, doneAt }: NotedChange,
  now: number,
): readonly LiveMember[] {
  const { role } = set.label;
  const gone = now - (doneAt ?? now);
  const isOfDoor = role.kind === "grants" && "door" in change && role.door === change.door;
  switch (change.kind) {
    case "open":
      return isOfDoor ? withMember(set, change.source, change.seconds - gone) : set.members;
    case "close":
      return isOfDoor ? without(set, change.source) : set.members;
    case "ban":
      if (role.kind === "grants") return outside(set, coveredBy(sets, change.source));
      if (role.kind !== "banned") return set.members;
      return withMember(set, change.source.first, change.seconds && change.seconds - gone);
    case "unban":
      return role.kind.endsWith("banned") ? outside(set, change.source) : set.members;
  }
}

/** What a ban of the source covers. */
function coveredBy(sets: readonly LiveSet[], source: Prefix): Prefix {
  const bans = sets.filter(
    ({ family, label }) => label.role.kind === "banned" && family === source.first.family,
  );
  return shorten(source, Math.min(source.length, ...bans.map(({ label }) => label.prefixLength)));
}

/** Those whose source is in no part of the prefix. */
function outside({ members, label }: LiveSet, prefix: Prefix): readonly LiveMember[] {
  return members.filter(
    ({ source }) =>
      source === undefined || !prefixesMeet(prefix, shorten(prefixOf(source), label.prefixLength)),
  );
}

/** Without a source, nobody is left. */
function without(set: LiveSet, source: Address | undefined): readonly LiveMember[] {
  if (source === undefined) return [];
  return set.members.filter((member) => !holds({ ...set, members: [member] }, source));
}

/** In the place of what the source had; with less than a second left, it has nothing. */
function withMember(
  set: LiveSet,
  source: Address,
  seconds: number | undefined,
): readonly LiveMember[] {
  if (set.family !== source.family) return set.members;
  const others = without(set, source);
  const secondsLeft = seconds === undefined ? undefined : Math.floor(seconds);
  if (secondsLeft !== undefined && secondsLeft < 1) return others;
  return [...others, { source: maskAddress(source, set.label.prefixLength), secondsLeft }];
}
