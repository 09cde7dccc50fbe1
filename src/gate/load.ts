/** Puts a gate in the place of the one that stands, whichever backend holds either. */
import type { Connection } from "../backend/live.ts";
import { type Host, withinLimits } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import { ok, type Result } from "../problem/problem.ts";
import { readAround } from "./around.ts";
import type { Backend } from "./backend.ts";
import { connectionsTo } from "./connections.ts";
import type { Keep } from "./keep/keep.ts";
import { policyOf } from "./keep/policy-of.ts";
import { backendOf, type Snapshot } from "./keep/snapshot.ts";
import { forgetTakenAway, noteTakenAway } from "./keep/taken-away.ts";
import { type BoundSockets, readBoundSockets } from "./sockets.ts";
import { findOthers, removeGates, usableBackends } from "./standing.ts";
import { refillLoaded } from "./tokens/standing.ts";

/** Needs a host without an obstacle to the backend, and nobody else at work. */
export async function loadPolicy(
  host: Host,
  backend: Backend,
  policy: Policy,
): Promise<Result<undefined>> {
  const others = await findOthers(host, backend);
  if (!others.ok) return others;
  const bound = await readBoundSockets(host, policy);
  const program = backend.compile(policy, await readAround(host, policy, bound));
  const loaded = await backend.load(host, program, await olderThanGate(host, policy, bound));
  if (!loaded.ok) return loaded;
  const alone = await removeGates(host, others.value);
  // Nobody gets in through two gates who does not know both; the one that was there stays.
  if (!alone.ok) await backend.remove(host);
  return alone;
}

/** Connections to the doors of a policy that its gate has not seen begin. */
async function olderThanGate(
  host: Host,
  policy: Policy,
  bound: BoundSockets,
): Promise<readonly Connection[]> {
  return [...(await connectionsTo(host, policy)), ...bound.connections];
}

/**
 * Brings a gate back. Whoever does so may be connected since it went: like one who applies a
 * policy, that person is not cut off, where the policy is known.
 */
export async function bringBack(
  host: Host,
  keep: Keep,
  snapshot: Snapshot,
): Promise<Result<undefined>> {
  if (snapshot === null) return removeEveryGate(host, keep);
  const backend = backendOf(snapshot);
  const policy = await policyOf(keep, snapshot);
  const older = policy === undefined ? [] : await findOlder(host, policy);
  const restored = await backend.restore(host, snapshot, older);
  if (!restored.ok) return restored;
  await forgetTakenAway(keep);
  // Also without its tokens it is the gate of before.
  if (policy !== undefined) await refillLoaded(host, keep, backend, policy);
  const others = await findOthers(host, backend);
  return others.ok ? removeGates(host, others.value) : others;
}

/** None where a program that would tell hangs: to be without a gate would be worse. */
async function findOlder(host: Host, policy: Policy): Promise<readonly Connection[]> {
  const found = await withinLimits(async () =>
    ok(await olderThanGate(host, policy, await readBoundSockets(host, policy))),
  );
  return found.ok ? found.value : [];
}

async function removeEveryGate(host: Host, keep: Keep): Promise<Result<undefined>> {
  const usable = await usableBackends(host);
  if (!usable.ok) return usable;
  await noteTakenAway(keep);
  return removeGates(host, usable.value);
}
