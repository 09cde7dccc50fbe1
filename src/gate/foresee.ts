/** Which backend would hold the gate of a policy, for those who change nothing. */
import type { Host } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import type { Backend } from "./backend.ts";
import { findObstacle } from "./obstacle.ts";
import { backendsFor } from "./pick.ts";

/**
 * Where the host lacks something for each of them, the one to prefer. Of who may not change rules
 * the kernel says nothing, and what is installed has to do.
 */
export async function foreseeBackend(host: Host, policy: Policy): Promise<Backend> {
  const [first, ...others] = backendsFor(policy);
  if (others.length === 0) return first;
  const isAnswered = (await findObstacle(host)) === undefined;
  for (const backend of [first, ...others]) {
    const lack = await backend.findObstacle(host);
    if (lack === undefined || (!isAnswered && lack.code.endsWith("-refused"))) return backend;
  }
  return first;
}
