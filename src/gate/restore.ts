/**
 * Brings the gate back that something else took away, such as `nft flush ruleset` or the restart
 * of another firewall, with what was known of it.
 */
import type { Listing, LiveMember, LiveSet } from "../backend/live.ts";
import type { Host } from "../host/index.ts";
import { ok, type Result } from "../problem/problem.ts";
import type { Backend, Change, KeptGate } from "./backend.ts";
import { banSource, closeDoor, openDoor, unbanSource } from "./hand.ts";
import { changesSince, forgetChanges, type NotedChange } from "./keep/changes.ts";
import { type Keep, keepOf } from "./keep/keep.ts";
import { whileLocked } from "./keep/lock.ts";
import { policyOf } from "./keep/policy-of.ts";
import { backendOf, takeSnapshot } from "./keep/snapshot.ts";
import { isTakenAway } from "./keep/taken-away.ts";
import { readUptime } from "./keep/uptime.ts";
import { bringBack } from "./load.ts";
import { age, replay } from "./replay.ts";
import { findGate } from "./standing.ts";
import { refillLoaded } from "./tokens/standing.ts";

/** A gate as it stood whole, and who had a place in it then. */
export interface KnownGate {
  readonly gate: KeptGate;
  /** As in {@link Listing}. */
  readonly handle: number | undefined;
  readonly sets: readonly LiveSet[];
  /** When the sets were read, in seconds since the boot: what changed later is not in them. */
  readonly readAt: number;
}

/**
 * Whether the rules are those of a gate that was known, and what was in it is gone: something has
 * flushed it, and something else has loaded it again before anybody looked.
 */
export function isEmptied({ handle, fingerprint }: Listing, known: KnownGate): boolean {
  const isOther = known.handle !== undefined && handle !== known.handle;
  return isOther && fingerprint === backendOf(known.gate).fingerprintOf(known.gate);
}

/** `whole`: it stands. `taken away`: by `postern remove`, and so on purpose. */
export type Restoration = "whole" | "taken away" | "restored";

/** Who changes the gate is soon done; then it is seen whether it stands. */
const WAIT_SECONDS = 60;

/**
 * The gate as it stands; undefined where there is none, or packets get past it.
 *
 * @param before as it was when it was read last, if no rule has changed since.
 */
export async function readKnownGate(
  host: Host,
  before?: KnownGate,
): Promise<Result<KnownGate | undefined>> {
  const readAt = await readUptime(host);
  const standing = await findGate(host, { members: true, of: isKept });
  if (!standing.ok || standing.value === undefined) return standing.ok ? ok(undefined) : standing;
  const { listing } = standing.value;
  if ((listing.gaps ?? []).length > 0) return ok(undefined);
  const gate = before === undefined ? await takeSnapshot(host) : ok(before.gate);
  if (!gate.ok || gate.value === null) return gate.ok ? ok(undefined) : gate;
  const { handle, sets } = listing;
  await forgetChanges(host, await keepOf(host), readAt);
  return ok({ gate: gate.value, handle, sets: sets.filter(isKept), readAt });
}

/**
 * Those that say who comes in and who does not, and which knocks are used up. Whether a single use
 * is used up, nobody knows.
 */
function isKept({ label: { role, singleUse } }: LiveSet): boolean {
  const kinds = ["grants", "banned", "auto-banned", "sessions", "signed-seen"];
  return kinds.includes(role.kind) && !singleUse;
}

export async function restoreGate(host: Host, known: KnownGate): Promise<Result<Restoration>> {
  const keep = await keepOf(host);
  const restore = () => restoreStanding(host, keep, known);
  const restored = await whileLocked(host, keep, "restore", restore, WAIT_SECONDS);
  if (!restored.ok || restored.value !== "restored") return restored;
  // By then it shuts; and who changes members takes the lock, where that is needed.
  const filled = await putBack(host, keep, known);
  return filled.ok ? restored : filled;
}

async function restoreStanding(
  host: Host,
  keep: Keep,
  known: KnownGate,
): Promise<Result<Restoration>> {
  const standing = await findGate(host, { members: false });
  if (!standing.ok) return standing;
  if (standing.value !== undefined && (standing.value.listing.gaps ?? []).length === 0) {
    if (!isEmptied(standing.value.listing, known)) return ok("whole");
    const policy = await policyOf(keep, known.gate);
    if (policy !== undefined) await refillLoaded(host, keep, standing.value.backend, policy);
    return ok("restored");
  }
  if (await isTakenAway(keep)) return ok("taken away");
  const restored = await bringBack(host, keep, known.gate);
  return restored.ok ? ok("restored") : restored;
}

async function putBack(host: Host, keep: Keep, known: KnownGate): Promise<Result<undefined>> {
  const standing = await findGate(host, { members: false });
  if (!standing.ok || standing.value === undefined) return standing.ok ? ok(undefined) : standing;
  const { backend, listing } = standing.value;
  const changes = await changesSince(host, keep, known.readAt);
  const sets = await setsNow(host, known, changes);
  const filled = sets.flatMap(({ name, members }) => {
    const set = listing.sets.find((own) => own.name === name);
    return set === undefined
      ? []
      : members.flatMap((member) => putBackMember(backend, set, member));
  });
  const changed = filled.length === 0 ? ok(undefined) : await backend.change(host, filled);
  if (!changed.ok) return changed;
  await redoLater(host, keep, known.readAt, changes);
  return putBackSeen(host, backend, sets);
}

async function setsNow(
  host: Host,
  { sets, readAt }: KnownGate,
  changes: readonly NotedChange[],
): Promise<readonly LiveSet[]> {
  const now = await readUptime(host);
  // Where no clock can be read nobody knows how long they have left.
  return replay(age(sets, Number.isFinite(now) ? now - readAt : now), changes, now);
}

/**
 * What was changed while members were put back was made in a gate that did not have them yet: it is
 * made again, until nothing is new.
 */
async function redoLater(
  host: Host,
  keep: Keep,
  readAt: number,
  done: readonly NotedChange[],
): Promise<void> {
  const known = new Set(done.map(({ name }) => name));
  while (true) {
    const changes = await changesSince(host, keep, readAt);
    const later = changes.filter(({ name }) => !known.has(name));
    if (later.length === 0) return;
    for (const change of later) {
      known.add(change.name);
      await redo(host, change);
    }
  }
}

async function redo(host: Host, { change, doneAt }: NotedChange): Promise<void> {
  const now = await readUptime(host);
  const left = (seconds: number) => Math.floor(seconds - (now - (doneAt ?? now)));
  switch (change.kind) {
    case "open":
      if (left(change.seconds) < 1) return;
      await openDoor(host, change.door, change.source, left(change.seconds));
      return;
    case "close":
      await closeDoor(host, change.door, change.source);
      return;
    case "ban":
      // Whose session this runs in does not matter: it was decided when the ban was made.
      await banSource(host, change.source, change.seconds, { anyway: true });
      return;
    case "unban":
      await unbanSource(host, change.source);
  }
}

/** Else what was shown before could be shown again, to an agent that begins anew. */
async function putBackSeen(
  host: Host,
  { signed }: Backend,
  sets: readonly LiveSet[],
): Promise<Result<undefined>> {
  const seen = sets.find(({ label }) => label.role.kind === "signed-seen");
  const knocks = (seen?.members ?? []).flatMap(({ value, comment = "", secondsLeft = 0 }) =>
    value === undefined || secondsLeft < 1 ? [] : [{ value, seconds: secondsLeft, about: comment }],
  );
  if (signed === undefined || seen === undefined || knocks.length === 0) return ok(undefined);
  return signed.noteSeen(host, seen.name, knocks);
}

function putBackMember(
  backend: Backend,
  set: LiveSet,
  { source, secondsLeft }: LiveMember,
): Change[] {
  if (source === undefined) return [];
  if (secondsLeft === undefined) return [{ kind: "remember", set, source, seconds: undefined }];
  const seconds = backend.secondsAgain(set, secondsLeft);
  return seconds === undefined ? [] : [{ kind: "remember", set, source, seconds }];
}
