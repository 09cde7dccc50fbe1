/** A gate on a host of a test, from a policy as an administrator writes it to the kernel. */
import { printNftables } from "../../src/backend/nftables/index.ts";
import type { Family } from "../../src/policy/address.ts";
import type { Role } from "../../src/program/program.ts";
import { programOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { type Holder, hold, letGo, NFTABLES } from "./holders.ts";
import type { Host } from "./host.ts";
import { until } from "./until.ts";

/** The file for `nft -f`. */
export function gateOf(policyText: string): string {
  return printNftables(programOf(policyText));
}

export async function loadGate(host: Host, policyText: string, holder = NFTABLES): Promise<void> {
  await hold(holder, host, policyText);
}

export async function removeGate(host: Host, holder = NFTABLES): Promise<void> {
  await letGo(holder, host);
}

type Kind = Role["kind"] | { readonly stage: number };

/** How many members the sets of a kind have now. */
export async function countMembers(
  host: Host,
  family: Family,
  kind: Kind,
  { backend, on }: Holder = NFTABLES,
): Promise<number> {
  const listing = sure(await backend.read(on(host), { members: true }));
  const sets = (listing?.sets ?? []).filter(
    ({ family: of, label: { role } }) => of === family && isOf(role, kind),
  );
  if (sets.length === 0) {
    throw new Error(`countMembers: the gate has no sets of ${JSON.stringify(kind)}`);
  }
  return sets.reduce((count, { members }) => count + members.length, 0);
}

function isOf(role: Role, kind: Kind): boolean {
  if (typeof kind === "string") return role.kind === kind;
  return role.kind === "stage" && role.stage === kind.stage;
}

/** Waits until none of the kind is left. */
export async function untilNone(
  host: Host,
  family: Family,
  kind: Role["kind"],
  holder = NFTABLES,
): Promise<void> {
  await until(
    `the last of ${kind} to end`,
    async () => (await countMembers(host, family, kind, holder)) === 0,
  );
}
