/** A gate on a host of a test, from a policy as an administrator writes it to the kernel. */
import { printNftables } from "../../src/backend/nftables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Host } from "./host.ts";
import { until } from "./until.ts";

/** The file for `nft -f`. */
export function gateOf(policyText: string): string {
  const policy = parsePolicy(policyText, "policy.yaml");
  if (!policy.ok) {
    throw new Error(`gateOf: ${policy.problems.map(({ what }) => what).join("; ")}\n${policyText}`);
  }
  return printNftables(compilePolicy(policy.value));
}

export async function loadGate(host: Host, policyText: string): Promise<void> {
  await host.run(["nft", "-f", "-"], { stdin: gateOf(policyText) });
}

export async function removeGate(host: Host): Promise<void> {
  await host.run(["nft", "delete", "table", "inet", "postern"]);
}

/** How many members a set of the gate has now (`ssh_grants4`). */
export async function countMembers(host: Host, set: string): Promise<number> {
  const { stdout } = await host.run(["nft", "-j", "list", "set", "inet", "postern", set]);
  const listing = JSON.parse(stdout) as { nftables: { set?: { elem?: unknown[] } }[] };
  return listing.nftables.flatMap((entry) => entry.set?.elem ?? []).length;
}

/** Waits until no grant of the door is left. */
export async function untilShut(host: Host, door: string): Promise<void> {
  await until(`the grants of ${door} to end`, async () => {
    const left = [
      await countMembers(host, `${door}_grants4`),
      await countMembers(host, `${door}_grants6`),
    ];
    return left.every((count) => count === 0);
  });
}
