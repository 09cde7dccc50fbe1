/** A gate that waits for its confirmation, and the one that comes back without it. */
import type { Host } from "../../host/index.ts";
import type { Problem, Result } from "../../problem/problem.ts";
import { hasKeys, type Keep } from "./keep.ts";
import { isSnapshot, type Snapshot } from "./snapshot.ts";
import { readUptime } from "./uptime.ts";
import { isWho, printWho, type Who } from "./who.ts";

/** Times are seconds since the boot. */
export interface Pending {
  /** Tells it from any other. */
  readonly id: string;
  readonly who: Who;
  /** The gate of before. */
  readonly gate: Snapshot;
  /** When that comes back. */
  readonly until: number;
  /** When the new one was loaded; 0 before that. */
  readonly loadedAt: number;
}

const PENDING = "pending.json";
const WATCHED = "watched.json";
const BEFORE = "before.json";
const ENDED = "ended.json";

/**
 * Undefined as long as nobody is there to bring the gate of before back: nothing has been loaded
 * then, and where an `apply` was killed so early nothing will be.
 */
export async function readPending(keep: Keep): Promise<Pending | undefined> {
  const pending = await readAnnounced(keep);
  const watched = await keep.read(WATCHED, isNamed);
  return watched?.id === pending?.id ? pending : undefined;
}

/** Also one that nobody watches yet. */
export function readAnnounced(keep: Keep): Promise<Pending | undefined> {
  return keep.read(PENDING, isPending);
}

/** Said by the one who will bring the gate of before back. */
export function sayWatched(keep: Keep, { id }: Pending): Promise<Result<undefined>> {
  return keep.write(WATCHED, { id });
}

export function writePending(keep: Keep, pending: Pending): Promise<Result<undefined>> {
  return keep.write(PENDING, pending);
}

/** That nothing can be read any more, or that everything was deleted, is no end. */
export async function isOver(keep: Keep, { id }: Pending): Promise<boolean> {
  const now = await readAnnounced(keep);
  if (now !== undefined) return now.id !== id;
  return (await keep.read(WATCHED, isNamed)) !== undefined;
}

/** How the wait for a confirmation came to its end. */
export type End = "confirmed" | "undone" | "rolled back" | "removed" | "not loaded";

/** The end is told before it comes, for the one who waits for it. */
export async function endPending(
  keep: Keep,
  { id }: Pending,
  how: Exclude<End, "confirmed">,
): Promise<Result<undefined>> {
  await keep.write(ENDED, { id, how });
  return keep.forget(PENDING);
}

/**
 * Makes the gate of before the one that `postern rollback` goes back to. The file gets another
 * name, which needs no room on a disk, and of two who want to end the same wait one cannot.
 */
export function confirmPending(keep: Keep): Promise<Result<undefined>> {
  return keep.rename(PENDING, BEFORE);
}

/** In the same way: from now on nobody can confirm any more. */
export function takePending(keep: Keep): Promise<Result<undefined>> {
  return keep.rename(PENDING, ENDED);
}

export async function readEnd(keep: Keep, id: string): Promise<End | undefined> {
  if ((await keep.read(BEFORE, isNamed))?.id === id) return "confirmed";
  const ended = await keep.read(ENDED, isNamed);
  if (ended?.id !== id) return undefined;
  return OTHER_ENDS.find((how) => how === ended.how) ?? "undone";
}

const OTHER_ENDS = ["rolled back", "removed", "not loaded"] as const;

/** The gate to which `postern rollback` goes back; undefined where there is none to go back to. */
export async function readBefore(keep: Keep): Promise<{ gate: Snapshot } | undefined> {
  return keep.read(BEFORE, isBefore);
}

/** What was kept before goes also when there is no room for this: it would be two steps back. */
export async function keepBefore(keep: Keep, gate: Snapshot): Promise<Result<undefined>> {
  const kept = await keep.write(BEFORE, { gate });
  if (!kept.ok) await keep.forget(BEFORE);
  return kept;
}

export function forgetBefore(keep: Keep): Promise<Result<undefined>> {
  return keep.forget(BEFORE);
}

/** Whole seconds until the gate of before comes back; negative when that is overdue. */
export async function secondsLeft(host: Host, { until }: Pending): Promise<number> {
  return Math.ceil(until - (await readUptime(host)));
}

export async function unconfirmed(host: Host, pending: Pending): Promise<Problem> {
  const left = await secondsLeft(host, pending);
  const when = left > 0 ? `for ${left} s more` : "though its time is over";
  return {
    code: "unconfirmed",
    severity: "error",
    what: `the gate of ${printWho(pending.who)} waits for its confirmation ${when}`,
    fix: "wait, or end that first with `postern confirm` or `postern rollback`",
  };
}

function isPending(value: unknown): value is Pending {
  return (
    hasKeys(value, { id: "string", who: "object", until: "number", loadedAt: "number" }) &&
    isWho((value as Pending).who) &&
    isBefore(value)
  );
}

function isNamed(value: unknown): value is { readonly id: string; readonly how?: unknown } {
  return hasKeys(value, { id: "string" });
}

function isBefore(value: unknown): value is { gate: Snapshot } {
  return hasKeys(value, { gate: "object" }) && isSnapshot((value as { gate: Snapshot }).gate);
}
