/** Verifies signed knocks, and brings the gate back when something else takes it away. */
import {
  addTags,
  noteAgent,
  readSealingKey,
  type SignedGateNow,
  TAGS_EVERY_SECONDS,
} from "../gate/index.ts";
import { type Host, LimitExceeded } from "../host/index.ts";
import { ok, type Problem, type Result } from "../problem/problem.ts";
import type { SealingKey } from "../signed/index.ts";
import { type Candidates, openCandidates } from "./candidates.ts";
import { countsOf } from "./counts.ts";
import type { Tell } from "./event.ts";
import { type Keeper, keeperOf } from "./keeper.ts";
import { type Notifier, notifierOf } from "./notify.ts";
import { openWatch, type Watch } from "./watch.ts";

/** A look costs little, and a gate that is gone is to be back within a second. */
const LOOK_MS = 250;
const NOTE_SECONDS = 1;
/** What was not possible is tried again. */
const AGAIN_SECONDS = 5;
/** The clock was set, or the host has slept: then the kernel knows the tags of another time. */
const JUMP_MS = 10_000;
/** The longest wait for an end after SIGTERM: a program or a file may hang. */
const END_SECONDS = 5;

/**
 * Until it is told to end (SIGTERM, SIGINT). SIGHUP makes it read the gate anew; the files of who
 * may sign are read whenever they have changed.
 *
 * @param file the policy of this host, in case the gate does not know its own.
 */
export async function runAgent(host: Host, file: string, tell: Tell): Promise<Result<undefined>> {
  const sealingKey = await readSealingKey(host);
  if (!sealingKey.ok) return sealingKey;
  const candidates = await openCandidates(host);
  if (!candidates.ok) return candidates;
  const watch = await openWatch(host, file, tell);
  if (!watch.ok) return watch;
  const counts = countsOf(tell);
  const keeper = keeperOf(host, sealingKey.value, counts.tell);
  const agent = {
    ...{ host, keeper, counts, sealingKey: sealingKey.value, tell: counts.tell },
    ...{ candidates: candidates.value, watch: watch.value, notifier: await notifierOf(host) },
  };
  const lookAfter = caretakerOf(agent);
  // First: from now on commands note what they change.
  await noteAgent(host, counts.now());
  await lookAfter();
  agent.notifier.ready();
  tell({ kind: "ready", fingerprint: sealingKey.value.fingerprint });
  const end = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) host.onSignal(name, () => end.abort());
  host.onSignal("SIGHUP", () => agent.watch.readAnew());
  end.signal.addEventListener("abort", () => agent.candidates.close());
  const done = new AbortController();
  const work = async () => {
    await Promise.all([receive(agent), repeat(agent, lookAfter, end.signal)]);
    await keeper.finish();
    agent.notifier.stopping();
    watch.value.close();
    await noteAgent(host, undefined);
    done.abort();
    return true;
  };
  if (!(await Promise.race([work(), endOverdue(host, end.signal, done.signal)]))) {
    tell({ kind: "problem", problem: STUCK });
    host.endNow();
  }
  tell({ kind: "stopped" });
  return ok(undefined);
}

/** False, so long after it was told to end; at once when it is done. */
async function endOverdue(host: Host, end: AbortSignal, done: AbortSignal): Promise<false> {
  await new Promise<void>((resolve) => {
    if (end.aborted) resolve();
    end.addEventListener("abort", () => resolve());
  });
  await host.pause(END_SECONDS * 1000, done);
  return false;
}

const STUCK: Problem = {
  code: "agent-stuck",
  severity: "error",
  what: `a program or a file did not answer for ${END_SECONDS} s after the agent was told to end, so it is killed`,
  fix: "nothing to do: the gate stays; the lines before this one say what hung",
};

interface Agent {
  readonly host: Host;
  readonly sealingKey: SealingKey;
  readonly candidates: Candidates;
  readonly watch: Watch;
  readonly keeper: Keeper;
  readonly notifier: Notifier;
  readonly counts: ReturnType<typeof countsOf>;
  readonly tell: Tell;
}

async function receive({ candidates, keeper, tell }: Agent): Promise<void> {
  for (let next = await candidates.next(); next !== undefined; next = await candidates.next()) {
    if (next.lost > 0) tell({ kind: "lost", packets: next.lost });
    await keeper.judge(next.candidates);
  }
}

async function repeat(
  { host, tell }: Agent,
  work: () => Promise<void>,
  end: AbortSignal,
): Promise<void> {
  while (!end.aborted) {
    // Where it goes on failing systemd hears nothing any more, and starts another one.
    await work().catch((error: unknown) => tell({ kind: "problem", problem: stumbled(error) }));
    await host.pause(LOOK_MS, end);
  }
}

function stumbled(error: unknown): Problem {
  if (error instanceof LimitExceeded) return error.problem;
  return {
    code: "host-stumbled",
    severity: "error",
    what: `the gate could not be looked after: ${error instanceof Error ? error.message : String(error)}`,
    fix: "it is tried again; if it stays so, start the agent anew",
  };
}

/** Done again and again, it sees to it that the gate stands, and knows the tags of the time ahead. */
function caretakerOf({ host, watch, keeper, counts, notifier, sealingKey, tell }: Agent) {
  let tagsAddedAt = Number.NEGATIVE_INFINITY;
  /** By how much the clock of the host is ahead of the one that nobody sets, then. */
  let tagsAheadMs = 0;
  let notedAt = Number.NEGATIVE_INFINITY;
  const keepNote = async () => {
    const now = host.monotonic() / 1000;
    if (now - notedAt < NOTE_SECONDS || !counts.haveChanged()) return;
    notedAt = now;
    await noteAgent(host, counts.now());
  };
  const keepTags = async (gate: SignedGateNow, isAnother: boolean) => {
    const now = host.monotonic() / 1000;
    const aheadMs = host.now() - host.monotonic();
    const hasJumped = Math.abs(aheadMs - tagsAheadMs) > JUMP_MS;
    if (!isAnother && !hasJumped && now - tagsAddedAt < TAGS_EVERY_SECONDS) return;
    tagsAheadMs = aheadMs;
    const added = await addTags(host, gate, sealingKey.publicKey);
    for (const problem of added.ok ? [] : added.problems) tell({ kind: "problem", problem });
    tagsAddedAt = added.ok ? now : now - TAGS_EVERY_SECONDS + AGAIN_SECONDS;
  };
  return async (): Promise<void> => {
    const isAnother = await watch.look();
    const gate = watch.signed;
    if (isAnother) keeper.watchOver(gate);
    if (gate !== undefined) await keepTags(gate, isAnother);
    // Only now: before, the kernel knows none of the tags with which knocks begin.
    if (isAnother && gate !== undefined) tell({ kind: "gate", became: "watched" });
    await keepNote();
    notifier.alive();
  };
}
