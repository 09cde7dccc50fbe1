/** Puts a gate in the place of the one that stands, whichever backend holds either. */
import type { Connection } from "../backend/live.ts";
import type { Host } from "../host/index.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { Policy } from "../policy/policy.ts";
import type { Result } from "../problem/problem.ts";
import type { Backend, KeptGate } from "./backend.ts";
import { connectionsTo } from "./connections.ts";
import type { Keep } from "./keep/keep.ts";
import { findPolicy } from "./keep/policies.ts";
import { backendOf, type Snapshot } from "./keep/snapshot.ts";
import { type BoundSockets, readBoundSockets } from "./sockets.ts";
import { findOthers, removeGates, usableBackends } from "./standing.ts";

/** Needs a host without an obstacle to the backend, and nobody else at work. */
export async function loadPolicy(
  host: Host,
  backend: Backend,
  policy: Policy,
): Promise<Result<undefined>> {
  const others = await findOthers(host, backend);
  if (!others.ok) return others;
  const bound = await readBoundSockets(host, policy);
  const program = backend.compile(policy, bound.listeners);
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
  if (snapshot === null) return removeEveryGate(host);
  const backend = backendOf(snapshot);
  const older = await olderThanKept(host, keep, snapshot);
  const restored = await backend.restore(host, snapshot, older);
  if (!restored.ok) return restored;
  const others = await findOthers(host, backend);
  return others.ok ? removeGates(host, others.value) : others;
}

async function removeEveryGate(host: Host): Promise<Result<undefined>> {
  const usable = await usableBackends(host);
  return usable.ok ? removeGates(host, usable.value) : usable;
}

async function olderThanKept(
  host: Host,
  keep: Keep,
  kept: KeptGate,
): Promise<readonly Connection[]> {
  const written = await findPolicy(keep, backendOf(kept).fingerprintOf(kept) ?? "");
  const policy = parsePolicy(written?.text ?? "", written?.file ?? "");
  if (!policy.ok) return [];
  return olderThanGate(host, policy.value, await readBoundSockets(host, policy.value));
}
