/** Goes back to the gate of before: when asked to, or when nobody has confirmed the new one. */
import { type Host, withinLimits } from "../host/index.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { forgetForBoot, keepForBoot } from "./boot.ts";
import { type Keep, keepOf } from "./keep/keep.ts";
import { whileLocked } from "./keep/lock.ts";
import {
  type End,
  endPending,
  forgetBefore,
  isOver,
  type Pending,
  readAnnounced,
  readBefore,
  readEnd,
  readPending,
  sayWatched,
  secondsLeft,
  takePending,
} from "./keep/pending.ts";
import type { Snapshot } from "./keep/snapshot.ts";
import { bringBack } from "./load.ts";
import { usableBackends } from "./standing.ts";

export interface WentBack {
  readonly to: "the gate of before" | "no gate";
  /** What was not possible besides. */
  readonly warnings: readonly Problem[];
}

/** One step, once: afterwards there is nothing to go back to. */
export async function rollback(host: Host): Promise<Result<WentBack>> {
  const usable = await usableBackends(host);
  if (!usable.ok) return usable;
  const keep = await keepOf(host);
  return whileLocked(host, keep, "rollback", async () => {
    const pending = await readPending(keep);
    if (pending !== undefined) return undo(host, keep, pending, "rolled back");
    const before = await readBefore(keep);
    if (before === undefined) return fail(NOTHING_BEFORE);
    const restored = await bringBack(host, keep, before.gate);
    if (!restored.ok) return restored;
    await forgetBefore(keep);
    const warnings = await (before.gate === null ? forgetForBoot(host) : keepForBoot(host, keep));
    return ok({ to: nameOf(before.gate), warnings });
  });
}

async function undo(
  host: Host,
  keep: Keep,
  pending: Pending,
  how: "undone" | "rolled back",
): Promise<Result<WentBack>> {
  const restored = await bringBack(host, keep, pending.gate);
  if (!restored.ok) return restored;
  await endPending(keep, pending, how);
  // The one that the next boot brings was never another.
  return ok({ to: nameOf(pending.gate), warnings: [] });
}

function nameOf(gate: Snapshot): WentBack["to"] {
  return gate === null ? "no gate" : "the gate of before";
}

const LOOK_MILLISECONDS = 1000;
const AGAIN_MILLISECONDS = 500;
/** Somebody who is stopped in the middle of a change must not keep the gate shut for good. */
const TRIES_WITH_LOCK = 20;

/**
 * Waits, in a process of its own, until the gate is confirmed or its time is over, and then
 * brings the gate of before back; tries until it has.
 */
export async function undoUnlessConfirmed(host: Host, id: string): Promise<void> {
  const keep = await keepOf(host);
  const pending = await readAnnounced(keep);
  if (pending?.id !== id) return;
  // Who does not hear it loads nothing, and there is nothing to bring back.
  if (!(await sayWatched(keep, pending)).ok) return;
  while (!(await isOver(keep, pending))) {
    // Its time begins anew when the gate is loaded.
    const left = await secondsLeft(host, (await readAnnounced(keep)) ?? pending);
    if (left <= 0) return undoAtLast(host, keep, pending);
    await host.pause(Math.min(left * 1000, LOOK_MILLISECONDS));
  }
}

async function undoAtLast(host: Host, keep: Keep, pending: Pending): Promise<void> {
  for (let tries = 1, isBusy = true; tries <= TRIES_WITH_LOCK || !isBusy; tries += 1) {
    isBusy = true;
    const undoIt = async () => {
      isBusy = false;
      return (await isOver(keep, pending)) ? ok(undefined) : undo(host, keep, pending, "undone");
    };
    const done = await withinLimits(() => whileLocked(host, keep, "undo", undoIt));
    if (done.ok) return;
    await host.pause(AGAIN_MILLISECONDS);
  }
  // Who holds the lock may go on at any moment, also to confirm: one of us can take it.
  const taken = await takePending(keep);
  if (!taken.ok && (await isOver(keep, pending))) return;
  const isBack = () => withinLimits(() => bringBack(host, keep, pending.gate));
  while (!(await isBack()).ok) await host.pause(AGAIN_MILLISECONDS);
}

/** So long after its time the process that brings the gate of before back must be dead. */
const OVERDUE_SECONDS = 15;

/**
 * Looks on until a gate is confirmed or not. `goOn` hears how many seconds are left and says
 * whether to look any longer; undefined when not. Nothing but the looking depends on it.
 */
export async function awaitEnd(
  host: Host,
  id: string,
  goOn: (secondsLeft: number) => boolean,
): Promise<End | undefined> {
  const keep = await keepOf(host);
  for (let now = await readPending(keep); now?.id === id; now = await readPending(keep)) {
    const left = await secondsLeft(host, now);
    if (left < -OVERDUE_SECONDS) await undoAtLast(host, keep, now);
    if (!goOn(Math.max(left, 0))) return undefined;
    await host.pause(LOOK_MILLISECONDS / 4);
  }
  return (await readEnd(keep, id)) ?? "undone";
}

const NOTHING_BEFORE: Problem = {
  code: "nothing-before",
  severity: "error",
  what: "no gate of before is kept on this host",
  fix: "apply the policy that you want",
};
