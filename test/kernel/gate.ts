/** A gate on a host of a test, from a policy as an administrator writes it to the kernel. */
import { parseListing, printNftables } from "../../src/backend/nftables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import type { Family } from "../../src/policy/address.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Role } from "../../src/program/program.ts";
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

/** How many members the sets of a kind have now, those of stages only at this stage. */
export async function countMembers(
  host: Host,
  family: Family,
  kind: Role["kind"],
  stage?: number,
): Promise<number> {
  const { stdout } = await host.run(["nft", "-j", "list", "table", "inet", "postern"]);
  const sets = parseListing(stdout).sets.filter(
    ({ family: of, label: { role } }) =>
      of === family && role.kind === kind && (role.kind !== "stage" || role.stage === stage),
  );
  if (sets.length === 0) throw new Error(`countMembers: the gate has no sets of ${kind}`);
  return sets.reduce((count, { members }) => count + members.length, 0);
}

/** Waits until none of the kind is left. */
export async function untilNone(host: Host, family: Family, kind: Role["kind"]): Promise<void> {
  await until(
    `the last of ${kind} to end`,
    async () => (await countMembers(host, family, kind)) === 0,
  );
}
