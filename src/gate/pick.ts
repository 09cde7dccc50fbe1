/** Which backend is to hold the gate of a policy, and why that one. */
import type { Host } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import type { Backend } from "./backend.ts";
import { BACKENDS } from "./backends.ts";
import { findObstacle } from "./obstacle.ts";

export interface Picked {
  readonly backend: Backend;
  /** `nftables`, or `iptables, because there is no nft command`. */
  readonly why: string;
}

/** The one that the policy asks for, or the first that this host has all for. */
export async function pickBackend(host: Host, policy: Policy): Promise<Result<Picked>> {
  const obstacle = await findObstacle(host);
  if (obstacle !== undefined) return fail(obstacle);
  const lacks: Problem[] = [];
  for (const backend of backendsFor(policy)) {
    const lack = await backend.findObstacle(host);
    if (lack === undefined) return ok({ backend, why: whyOf(backend, lacks) });
    lacks.push(lack);
  }
  // Of several that are lacking, the one to prefer is the one to get.
  return fail(...lacks.slice(0, 1));
}

/** Those that a policy allows, and first the one to prefer; never none. */
export function backendsFor(policy: Policy): readonly [Backend, ...Backend[]] {
  const [first, ...others] = BACKENDS.filter(
    ({ name }) => policy.backend === "auto" || policy.backend === name,
  );
  if (first === undefined) throw new Error(`backendsFor: nobody is called ${policy.backend}`);
  return [first, ...others];
}

/** Of those that a policy asks for, and of the first where it leaves it open, nobody asks why. */
function whyOf({ name }: Backend, lacks: readonly Problem[]): string {
  const reasons = lacks.map(({ what }) => what);
  return reasons.length === 0 ? name : `${name}, because ${reasons.join(", and ")}`;
}
