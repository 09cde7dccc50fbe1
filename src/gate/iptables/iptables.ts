/** The gate as chains of iptables, in the raw tables of both families. */
import { limitsOf, printScript } from "../../backend/iptables/index.ts";
import { compilePolicy } from "../../compile/index.ts";
import type { Host } from "../../host/index.ts";
import type { Result } from "../../problem/problem.ts";
import type { Backend } from "../backend.ts";
import { adviseOnCapacity } from "./capacity.ts";
import { changeMembers } from "./change.ts";
import { loadProgram, removeAll } from "./load.ts";
import { findObstacle } from "./obstacle.ts";
import { readGates, readListing } from "./read.ts";
import { fingerprintOf, restore, takeSnapshot, tryRestore } from "./snapshot.ts";

export const iptables: Backend = {
  name: "iptables",
  adviseOnCapacity,
  findObstacle,
  read: readListing,
  limitsOf,
  compile: (policy, bound) => compilePolicy(policy, bound, "sources"),
  print: printScript,
  load: loadProgram,
  remove: removeChains,
  change: changeMembers,
  takeSnapshot,
  fingerprintOf,
  tryRestore,
  restore,
};

async function removeChains(host: Host): Promise<Result<undefined>> {
  const gates = await readGates(host);
  if (!gates.ok) return gates;
  return removeAll(host, [gates.value.own, ...gates.value.others]);
}
