/** The gate as chains of iptables, in the raw tables of both families. */

import { limitsOf, printScript } from "../../backend/iptables/index.ts";
import type { LiveSet } from "../../backend/live.ts";
import { compilePolicy } from "../../compile/index.ts";
import type { Host } from "../../host/index.ts";
import type { Result } from "../../problem/problem.ts";
import type { Backend } from "../backend.ts";
import { adviseOnCapacity } from "./capacity.ts";
import { changeMembers } from "./change.ts";
import { loadProgram, removeAll } from "./load.ts";
import { findObstacle } from "./obstacle.ts";
import { readGates, readListing } from "./read.ts";
import { fingerprintOf, printKept, restore, takeSnapshot, tryRestore } from "./snapshot.ts";

export const iptables: Backend = {
  name: "iptables",
  adviseOnCapacity,
  tokens: undefined,
  signed: undefined,
  findObstacle,
  read: readListing,
  limitsOf,
  compile: (policy, around) => compilePolicy(policy, around, "sources"),
  print: printScript,
  printKept,
  suffix: ".sh",
  load: loadProgram,
  remove: removeChains,
  change: changeMembers,
  secondsAgain,
  takeSnapshot,
  fingerprintOf,
  tryRestore,
  restore,
};

const MINUTE = 60;

/**
 * Every time of its own costs a list, and a rule: bans are made longer until few times are left, and
 * for a grant one has to knock again.
 */
function secondsAgain({ label: { role } }: LiveSet, seconds: number): number | undefined {
  const isBan = role.kind === "banned" || role.kind === "auto-banned";
  return isBan ? MINUTE * 2 ** Math.ceil(Math.log2(Math.max(1, seconds / MINUTE))) : undefined;
}

async function removeChains(host: Host): Promise<Result<undefined>> {
  const gates = await readGates(host);
  if (!gates.ok) return gates;
  return removeAll(host, [gates.value.own, ...gates.value.others]);
}
