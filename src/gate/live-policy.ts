/** The gate that stands on this host, and the policy that it was made of. */
import type { Listing } from "../backend/live.ts";
import type { Host } from "../host/index.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../policy/parse.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { emptyState, type Program, remember, type State, sourceKey } from "../program/index.ts";
import type { Backend } from "./backend.ts";
import { keepOf } from "./keep/keep.ts";
import { findPolicy } from "./keep/policies.ts";
import { readWholeGate } from "./standing.ts";

export interface LiveGate {
  readonly placed: PlacedPolicy;
  readonly program: Program;
  readonly listing: Listing;
}

/** The same, and what holds it. */
export interface HeldGate extends LiveGate {
  readonly backend: Backend;
}

/**
 * The policy is the one that was applied, also when its file has changed since. Of a gate that
 * was loaded in another way it is that of `file`, if the gate was made of it.
 */
export async function readLiveGate(
  host: Host,
  file: string,
  how = { members: true },
): Promise<Result<HeldGate>> {
  const gate = await readWholeGate(host, how);
  if (!gate.ok) return gate;
  const { backend, listing } = gate.value;
  const { fingerprint } = listing;
  const kept =
    fingerprint === undefined ? undefined : await findPolicy(await keepOf(host), fingerprint);
  const read = await (kept === undefined ? host.readText(file) : ok(kept.text));
  const placed = read.ok ? parsePlacedPolicy(read.value, kept?.file ?? file) : read;
  if (!placed.ok) return fail(unknownPolicy(file));
  const program = backend.compile(placed.value.policy);
  if (program.fingerprint !== fingerprint) return fail(unknownPolicy(file));
  return ok({ backend, placed: placed.value, program, listing });
}

/** The policy that a gate was made of, where it was applied on this host. */
export async function findPolicyOf(
  host: Host,
  { fingerprint }: Listing,
): Promise<PlacedPolicy | undefined> {
  if (fingerprint === undefined) return undefined;
  const kept = await findPolicy(await keepOf(host), fingerprint);
  const placed = kept === undefined ? undefined : parsePlacedPolicy(kept.text, kept.file);
  return placed?.ok === true ? placed.value : undefined;
}

/** What the gate knows of sources, as the interpreter knows it, at the moment 0. */
export function stateOf(program: Program, { sets }: Listing): State {
  const state = emptyState();
  for (const { name, label, members } of sets) {
    const set = program.sets.find((other) => other.name === name);
    for (const { source, secondsLeft = Number.POSITIVE_INFINITY } of members) {
      if (set === undefined || source === undefined) continue;
      remember(state, set, sourceKey(source, label.prefixLength), secondsLeft);
    }
  }
  return state;
}

function unknownPolicy(file: string) {
  return {
    code: "unknown-policy",
    severity: "error",
    what: `the gate was not made of ${JSON.stringify(file)} as it is now`,
    fix: "name the policy file that it was made of, or apply this one",
  } as const;
}
