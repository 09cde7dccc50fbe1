/** Puts a policy to work on this host, for good or until it is not confirmed; takes it away. */
import { type Host, isOverLimit, withinLimits } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { forgetForBoot, keepForBoot } from "./boot.ts";
import { armUndo } from "./keep/arm.ts";
import { type Keep, keepOf } from "./keep/keep.ts";
import { whileLocked } from "./keep/lock.ts";
import {
  endPending,
  forgetBefore,
  keepBefore,
  type Pending,
  readBefore,
  readEnd,
  readPending,
  unconfirmed,
  writePending,
} from "./keep/pending.ts";
import { keepPolicy, type PolicyText } from "./keep/policies.ts";
import { backendOf, type Snapshot, takeSnapshot } from "./keep/snapshot.ts";
import { forgetTakenAway, noteTakenAway } from "./keep/taken-away.ts";
import { readUptime } from "./keep/uptime.ts";
import { bringBack, loadPolicy } from "./load.ts";
import { pickBackend } from "./pick.ts";
import { removeGates, usableBackends } from "./standing.ts";
import { refillLoaded } from "./tokens/standing.ts";

export interface ApplyOptions {
  /** The file that the policy was read from. */
  readonly written?: PolicyText;
  /** The gate of before comes back after so long, unless the new one is confirmed. */
  readonly confirmSeconds?: number | undefined;
  /** A gate that is the same as the previous one, rule by rule, needs no confirmation. */
  readonly onlyIfChanged?: boolean;
}

export interface Applied {
  /** What holds the gate, and why not another: `iptables, because there is no nft command`. */
  readonly heldBy: string;
  /** Tells this wait for a confirmation from others; undefined where there is none. */
  readonly pending: string | undefined;
  /** Whether the rules differ from those of the previous gate. */
  readonly changed: boolean;
  /** What was not possible besides. */
  readonly warnings: readonly Problem[];
}

export async function applyPolicy(
  host: Host,
  policy: Policy,
  { written, confirmSeconds, onlyIfChanged = false }: ApplyOptions = {},
): Promise<Result<Applied>> {
  const picked = await pickBackend(host, policy);
  if (!picked.ok) return picked;
  const keep = await keepOf(host);
  const doing = `apply${written === undefined ? "" : ` ${written.file}`}`;
  return whileLocked(host, keep, doing, async () => {
    const other = await readPending(keep);
    if (other !== undefined) return fail(await unconfirmed(host, other));
    const before = await takeSnapshot(host);
    if (!before.ok) return before;
    if (written !== undefined) await keepPolicy(keep, policy, written);
    const { backend, why } = picked.value;
    const load = () => loadPolicy(host, backend, policy);
    const loaded = await (confirmSeconds === undefined
      ? loadForGood(keep, before.value, load)
      : loadArmed(host, keep, { doing, before: before.value, confirmSeconds }, load));
    if (!loaded.ok) return loaded;
    await forgetTakenAway(keep);
    const changed = !(await isStill(host, before.value));
    const { armed } = loaded.value;
    const pending = onlyIfChanged && !changed ? await endWait(keep, armed) : armed;
    const lacking = [
      ...(await refillLoaded(host, keep, backend, policy)),
      ...(pending === undefined ? await keepForBoot(host, keep) : []),
    ];
    const warnings = [...loaded.value.warnings, ...lacking];
    return ok({ pending: pending?.id, changed, warnings, heldBy: why });
  });
}

/** Like that of a gate that was not loaded: `rollback` goes where it went before. */
async function endWait(keep: Keep, armed: Pending | undefined): Promise<undefined> {
  if (armed !== undefined) await endPending(keep, armed, "not loaded");
}

/** Whether the gate has the same rules as before; not, where nobody can tell. */
async function isStill(host: Host, before: Snapshot): Promise<boolean> {
  const now = await takeSnapshot(host);
  if (!now.ok || now.value === null || before === null) return false;
  if (now.value.backend !== before.backend) return false;
  const { printKept } = backendOf(before);
  return printKept(now.value) === printKept(before);
}

type Load = () => Promise<Result<undefined>>;

interface Loaded {
  /** The wait for a confirmation; undefined where there is none. */
  readonly armed: Pending | undefined;
  readonly warnings: readonly Problem[];
}

async function loadForGood(keep: Keep, before: Snapshot, load: Load): Promise<Result<Loaded>> {
  const { changed, kept } = await changeForGood(keep, before, load);
  if (!changed.ok) return changed;
  return ok({ armed: undefined, warnings: kept.ok ? [] : kept.problems.map(cannotGoBack) });
}

/** What was kept stays where the change fails. */
async function changeForGood(keep: Keep, before: Snapshot, change: Load) {
  const beforeThat = await readBefore(keep);
  const kept = await keepBefore(keep, before);
  const changed = await withinLimits(change);
  // What was stopped may have changed the gate: then there is something to go back to.
  if (!changed.ok && !changed.problems.some(isOverLimit)) {
    await (beforeThat === undefined ? forgetBefore(keep) : keepBefore(keep, beforeThat.gate));
  }
  return { changed, kept };
}

async function loadArmed(
  host: Host,
  keep: Keep,
  undo: Parameters<typeof armUndo>[2],
  load: Load,
): Promise<Result<Loaded>> {
  const armed = await armUndo(host, keep, undo);
  return armed.ok ? loadForNow(host, keep, armed.value, undo.confirmSeconds, load) : armed;
}

async function loadForNow(
  host: Host,
  keep: Keep,
  pending: Pending,
  confirmSeconds: number,
  load: Load,
): Promise<Result<Loaded>> {
  const loaded = await withinLimits(load);
  if (!loaded.ok) {
    // What was stopped may have changed the gate. Where it does not go back now it does when its
    // time is over.
    if (loaded.problems.some(isOverLimit)) {
      const back = await withinLimits(() => bringBack(host, keep, pending.gate));
      if (!back.ok) return loaded;
    }
    await endPending(keep, pending, "not loaded");
    return loaded;
  }
  // From now on there is all of the time. Without this it would be less, and never more.
  const loadedAt = await readUptime(host);
  await writePending(keep, { ...pending, loadedAt, until: loadedAt + confirmSeconds });
  if ((await readEnd(keep, pending.id)) === undefined) {
    return ok({ armed: pending, warnings: [] });
  }
  // On a host that is slow enough; nobody is left to bring the gate of before back.
  const restored = await bringBack(host, keep, pending.gate);
  if (!restored.ok) return restored;
  await endPending(keep, pending, "undone");
  return fail(TOO_SLOW);
}

export interface Removed {
  readonly found: "removed" | "there was none";
  /** What was not possible besides. */
  readonly warnings: readonly Problem[];
}

/** Takes the gate away: every service is reachable as if there had never been one. */
export async function removeGate(host: Host): Promise<Result<Removed>> {
  const usable = await usableBackends(host);
  if (!usable.ok) return usable;
  const keep = await keepOf(host);
  return whileLocked(host, keep, "remove", async () => {
    const before = await takeSnapshot(host);
    if (!before.ok) return before;
    await noteTakenAway(keep);
    if (before.value !== null) {
      const { changed } = await changeForGood(keep, before.value, () =>
        removeGates(host, usable.value),
      );
      if (!changed.ok) {
        await forgetTakenAway(keep);
        return changed;
      }
    }
    // Whoever removes a gate does not wait for the one of before to come back. Not earlier: one
    // that could not be removed would stay for good.
    const pending = await readPending(keep);
    const ended =
      pending === undefined ? ok(undefined) : await endPending(keep, pending, "removed");
    if (!ended.ok) return ended;
    const found = before.value === null ? "there was none" : "removed";
    return ok({ found, warnings: await forgetForBoot(host) });
  });
}

function cannotGoBack({ what, fix }: Problem): Problem {
  return {
    code: "cannot-go-back",
    severity: "warning",
    what: `the gate of before is not kept, and \`postern rollback\` does not go back to it: ${what}`,
    fix: `${fix}, or name another folder in POSTERN_RUN_DIR`,
  };
}

const TOO_SLOW: Problem = {
  code: "too-slow",
  severity: "error",
  what: "the time for the confirmation was over before the gate was loaded, and the gate of before is back",
  fix: "give it more time with `--confirm`",
};
