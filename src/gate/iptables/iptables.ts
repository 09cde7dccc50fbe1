/** The gate as chains of iptables, in the raw tables of both families. */
import { limitsOf, printScript } from "../../backend/iptables/index.ts";
import { compilePolicy } from "../../compile/index.ts";
import type { Host } from "../../host/index.ts";
import { ok, type Result } from "../../problem/problem.ts";
import type { Backend } from "../backend.ts";
import { changeMembers } from "./change.ts";
import { loadProgram } from "./load.ts";
import { findObstacle } from "./obstacle.ts";
import { put } from "./put.ts";
import { readListing, readOthers, readOwnGate } from "./read.ts";
import { fingerprintOf, restore, takeSnapshot, tryRestore } from "./snapshot.ts";

export const iptables: Backend = {
  name: "iptables",
  refusesWhenFull: false,
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
  const own = await readOwnGate(host);
  if (!own.ok) return own;
  const others = await readOthers(host, own.value.variant);
  if (!others.ok) return others;
  for (const gate of [own.value, ...others.value]) {
    const removed = await put(host, gate.variant, gate.halves, () => []);
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}
