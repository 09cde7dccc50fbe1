/** Which backend is to hold the gate of a policy, and why that one. */
import type { Host } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import type { Backend, BackendName } from "./backend.ts";
import { BACKENDS } from "./backends.ts";
import { findObstacle } from "./obstacle.ts";

export interface Picked {
  readonly backend: Backend;
  /** One sentence: `nftables: this host has all that it needs`. */
  readonly why: string;
}

/** The one that the policy asks for, or the first that this host has all for. */
export async function pickBackend(host: Host, policy: Policy): Promise<Result<Picked>> {
  const obstacle = await findObstacle(host);
  if (obstacle !== undefined) return fail(obstacle);
  const unfit: Unfit[] = [];
  for (const backend of backendsFor(policy)) {
    const lack = await backend.findObstacle(host);
    if (lack === undefined) return ok({ backend, why: whyOf(backend, policy, unfit) });
    unfit.push({ name: backend.name, lack });
  }
  // Of several that are lacking, the one to prefer is the one to get.
  return fail(...unfit.slice(0, 1).map(({ lack }) => lack));
}

/** Those that a policy allows, and first the one to prefer; never none. */
export function backendsFor(policy: Policy): readonly [Backend, ...Backend[]] {
  const [first, ...others] = BACKENDS.filter(
    ({ name }) => policy.backend === "auto" || policy.backend === name,
  );
  if (first === undefined) throw new Error(`backendsFor: nobody is called ${policy.backend}`);
  return [first, ...others];
}

interface Unfit {
  readonly name: BackendName;
  readonly lack: Problem;
}

function whyOf({ name }: Backend, policy: Policy, unfit: readonly Unfit[]): string {
  if (policy.backend !== "auto") return `${name}: the policy asks for it`;
  if (unfit.length === 0) return `${name}: this host has all that it needs`;
  const reasons = unfit.map((other) => `not ${other.name}, because ${other.lack.what}`);
  return `${name}: ${reasons.join("; ")}`;
}
