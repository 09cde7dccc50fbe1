/** Keeps a new gate for good, if whoever says so could get in through it again. */
import type { Host } from "../host/index.ts";
import { doorOf, type Packet } from "../model/index.ts";
import { type Address, printAddress } from "../policy/address.ts";
import type { Door } from "../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { runPacket } from "../program/index.ts";
import { keepForBoot } from "./boot.ts";
import { synOf } from "./check/connected.ts";
import { lookAround } from "./check/surroundings.ts";
import { keepOf } from "./keep/keep.ts";
import { whileLocked } from "./keep/lock.ts";
import { confirmPending, type Pending, readPending, secondsLeft } from "./keep/pending.ts";
import { type LiveGate, readLiveGate, stateOf } from "./live-policy.ts";
import { findSession, type Session, whenBegun } from "./session.ts";
import { usableBackends } from "./standing.ts";

export interface ConfirmOptions {
  /** Whatever the connection is over which this was typed. */
  readonly anyway?: boolean;
  /** Says to those who have to knock what opens a door, at an address of it. */
  readonly howToKnock: (door: Door | undefined, address: Address) => string;
}

export interface Confirmed {
  /** What was not possible besides. */
  readonly warnings: readonly Problem[];
}

export async function confirmGate(
  host: Host,
  { anyway = false, howToKnock }: ConfirmOptions,
): Promise<Result<Confirmed>> {
  const usable = await usableBackends(host);
  if (!usable.ok) return usable;
  const keep = await keepOf(host);
  return whileLocked(host, keep, "confirm", async () => {
    const pending = await readPending(keep);
    if (pending === undefined) return fail(NOTHING_WAITS);
    const left = await secondsLeft(host, pending);
    if (left <= 0) return fail(TOO_LATE);
    if (!anyway) {
      const doubt = await doubtOf(host, pending, howToKnock);
      if (doubt !== undefined) return fail({ ...doubt, what: `${doubt.what}; ${left} s are left` });
    }
    const confirmed = await confirmPending(keep);
    // While this was stopped, the one that waits may have gone back without the lock.
    if (confirmed.ok) return ok({ warnings: await keepForBoot(host, keep) });
    return (await readPending(keep)) === undefined ? fail(TOO_LATE) : confirmed;
  });
}

/** Why the connection is no proof that the new gate lets anybody in. */
async function doubtOf(
  host: Host,
  pending: Pending,
  howToKnock: ConfirmOptions["howToKnock"],
): Promise<Problem | undefined> {
  // The policy has been kept with the gate: no file is asked for.
  const live = await readLiveGate(host, "");
  if (!live.ok) return live.problems[0];
  const session = await findSession(host);
  if (session === undefined) return undefined;
  const syn = await firstPacketOf(host, live.value, session);
  if (syn !== undefined && wouldPass(live.value, syn)) return undefined;
  const begun = await whenBegun(host, session);
  if (begun === undefined) return unknownConnection(session);
  if (pending.loadedAt > 0 && begun >= pending.loadedAt) return undefined;
  const door = syn === undefined ? undefined : doorOf(live.value.placed.policy, syn);
  return oldConnection(session, howToKnock(door, syn?.destination ?? session.destination));
}

/** As it would come if the same connection began now; undefined where nobody can tell. */
async function firstPacketOf(
  host: Host,
  { placed: { policy } }: LiveGate,
  session: Session,
): Promise<Packet | undefined> {
  const { session: arrival } = await lookAround(host, policy, session);
  return arrival === undefined ? undefined : synOf(policy, arrival);
}

function wouldPass({ program, listing }: LiveGate, syn: Packet): boolean {
  return runPacket(program, stateOf(program, listing), syn, 0).outcome === "pass";
}

function oldConnection({ source }: Session, howToKnock: string): Problem {
  const from = printAddress(source);
  return {
    code: "old-connection",
    severity: "error",
    what: `this does not count: your connection from ${from} is older than the new gate, which would not let it in again`,
    fix: `${howToKnock}, log in anew, and confirm there`,
  };
}

function unknownConnection({ source }: Session): Problem {
  const from = printAddress(source);
  return {
    code: "unknown-connection",
    severity: "error",
    what: `this does not count: the connection from ${from} that this terminal began with is gone, and through which one you type cannot be seen`,
    fix: "log in anew and confirm there, outside of tmux and screen, or say `postern confirm --anyway` if you are sure that you can get in",
  };
}

const NOTHING_WAITS: Problem = {
  code: "nothing-waits",
  severity: "error",
  what: "no gate waits for a confirmation",
  fix: "see `postern status` for the one that stands",
};

const TOO_LATE: Problem = {
  code: "too-late",
  severity: "error",
  what: "the time is over, and the gate of before comes back",
  fix: "apply the policy again",
};
