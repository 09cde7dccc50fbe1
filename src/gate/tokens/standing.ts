/** Refills the gate that stands on this host. */
import { type Host, withinLimits } from "../../host/index.ts";
import type { Policy } from "../../policy/policy.ts";
import { ok, type Problem, type Result } from "../../problem/problem.ts";
import type { Backend } from "../backend.ts";
import { type Keep, keepOf } from "../keep/keep.ts";
import { whileLocked } from "../keep/lock.ts";
import { readLiveGate } from "../live-policy.ts";
import { type Refilled, refillTokens } from "./refill.ts";

/** Whoever else is at work is soon done; who refills need not be told of it. */
export const WAIT_SECONDS = 60;

/** @param file the policy of this host, in case the gate does not know its own. */
export async function refillGate(host: Host, file: string): Promise<Result<Refilled>> {
  const keep = await keepOf(host);
  return whileLocked(host, keep, "refill", () => refillStanding(host, keep, file), WAIT_SECONDS);
}

/** The same for who has seen to it that nobody else is at work. */
export async function refillStanding(
  host: Host,
  keep: Keep,
  file: string,
): Promise<Result<Refilled>> {
  const live = await readLiveGate(host, file, { members: false });
  if (!live.ok) return live;
  const { backend, listing, placed } = live.value;
  if (backend.tokens === undefined) return ok(NOTHING);
  return refillTokens(host, keep, { sets: backend.tokens, policy: placed.policy, listing });
}

/** After a gate was loaded that stands whether this succeeds or not: what did not. */
export async function refillLoaded(
  host: Host,
  keep: Keep,
  backend: Backend,
  policy: Policy,
): Promise<readonly Problem[]> {
  if (backend.tokens === undefined || policy.doors.every(({ token }) => token === undefined)) {
    return [];
  }
  const sets = backend.tokens;
  const refilled = await withinLimits(async () => {
    const listing = await backend.read(host, { members: false });
    if (!listing.ok || listing.value === undefined) return listing.ok ? ok(NOTHING) : listing;
    return refillTokens(host, keep, { sets, policy, listing: listing.value });
  });
  return refilled.ok ? refilled.value.problems : refilled.problems;
}

const NOTHING: Refilled = { carriers: [], gone: [], knocks: [], problems: [] };
