/** Which backend is to hold the gate of a policy, and why that one. */
import type { Host } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import type { Backend } from "./backend.ts";
import { BACKENDS } from "./backends.ts";
import { findObstacle } from "./obstacle.ts";

export interface Picked {
  readonly backend: Backend;
  /** One sentence: `nftables: this host has all that it needs`. */
  readonly why: string;
}

/** The one that the policy asks for, or the first that this host has all for. */
export async function pickBackend(host: Host, policy: Policy): Promise<Result<Picked>> {
  const candidates = backendsFor(policy);
  if (!candidates.ok) return candidates;
  const obstacle = await findObstacle(host);
  if (obstacle !== undefined) return fail(obstacle);
  const obstacles: Problem[] = [];
  for (const backend of candidates.value) {
    const lack = await backend.findObstacle(host);
    if (lack === undefined) return ok({ backend, why: whyOf(backend, policy, obstacles) });
    obstacles.push(lack);
  }
  return fail(...obstacles);
}

/** Those that a policy allows, and first the one to prefer; never none. */
export function backendsFor(policy: Policy): Result<readonly [Backend, ...Backend[]]> {
  const [first, ...others] = BACKENDS.filter(
    ({ name }) => policy.backend === "auto" || policy.backend === name,
  );
  return first === undefined ? fail(NO_IPTABLES) : ok([first, ...others]);
}

function whyOf({ name }: Backend, policy: Policy, obstacles: readonly Problem[]): string {
  if (policy.backend !== "auto") return `${name}: the policy asks for it`;
  if (obstacles.length === 0) return `${name}: this host has all that it needs`;
  return `${name}: for another backend, ${obstacles.map(({ what }) => what).join("; ")}`;
}

const NO_IPTABLES: Problem = {
  code: "no-such-backend",
  severity: "error",
  what: "the policy asks for `backend: iptables`, which does not exist yet",
  fix: "write `backend: nftables`, or leave the line out",
};
