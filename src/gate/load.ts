/** Puts the rules of a policy into the kernel, in one transaction that keeps what still means the same. */
import { parseListing, printAdoption, printNftables, staleIn } from "../backend/nftables/index.ts";
import { compilePolicy, ESTABLISHED_SECONDS } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { Policy } from "../policy/policy.ts";
import type { Problem, Result } from "../problem/problem.ts";
import type { Program } from "../program/index.ts";
import { connectionsTo } from "./connections.ts";
import type { Keep } from "./keep/keep.ts";
import { findPolicy } from "./keep/policies.ts";
import { restoreSnapshot, type Snapshot } from "./keep/snapshot.ts";
import { type BoundSockets, readBoundSockets } from "./sockets.ts";
import { loadText, readSetsAndChains, readTableWithoutMembers } from "./table.ts";

/** Somebody else may change the gate between our look at it and our change to it. */
const TRIES = 8;
/** So that two who get in each other's way do not keep step: up to so much more each time. */
const PAUSE_MILLISECONDS = 50;

/** Needs a host without an obstacle, and nobody else at work. */
export async function loadPolicy(host: Host, policy: Policy): Promise<Result<undefined>> {
  const bound = await readBoundSockets(host, policy);
  const program = compilePolicy(policy, bound.listeners);
  const adoption = await adoptionOf(host, policy, bound);
  for (let tries = 1; ; tries += 1) {
    const table = await readTableWithoutMembers(host);
    if (!table.ok) return table;
    const stale = table.value === undefined ? [] : staleIn(table.value, program);
    // The set of connections may be full: better to cut one than to stand open.
    const adopted = tries > TRIES / 2 ? "" : adoption;
    const loaded = await loadText(host, printNftables(program, stale) + adopted);
    if (tries === TRIES || (loaded.ok && (await isWhole(host, program)))) return loaded;
    await host.pause(Math.random() * PAUSE_MILLISECONDS * tries);
  }
}

/** Text that lets connections go on which a gate of this policy has not seen begin. */
async function adoptionOf(host: Host, policy: Policy, bound: BoundSockets): Promise<string> {
  const older = [...(await connectionsTo(host, policy)), ...bound.connections];
  return printAdoption(older, ESTABLISHED_SECONDS);
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
  const { fingerprint = "" } = snapshot === null ? {} : parseListing(snapshot.listing);
  const kept = await findPolicy(keep, fingerprint);
  const policy = parsePolicy(kept?.text ?? "", kept?.file ?? "");
  const older = policy.ok
    ? await adoptionOf(host, policy.value, await readBoundSockets(host, policy.value))
    : "";
  return restoreSnapshot(host, snapshot, older);
}

/** Whether the gate is of this program alone: what others loaded at the same time may remain. */
async function isWhole(host: Host, program: Program): Promise<boolean> {
  const listing = await readSetsAndChains(host);
  return listing === undefined || staleIn(listing, program).length === 0;
}

/** What keeps us from printing a policy's rules at all. */
export function checkBackend(policy: Policy): Problem | undefined {
  return policy.backend === "iptables" ? NO_IPTABLES : undefined;
}

const NO_IPTABLES = {
  code: "no-such-backend",
  severity: "error",
  what: "the policy asks for `backend: iptables`, which does not exist yet",
  fix: "write `backend: nftables`, or leave the line out",
} as const;
