/** The gate as one table of nftables. */
import { printNftables } from "../../backend/nftables/index.ts";
import { compilePolicy } from "../../compile/index.ts";
import type { Backend } from "../backend.ts";
import { changeMembers } from "./change.ts";
import { loadProgram } from "./load.ts";
import { findObstacle } from "./obstacle.ts";
import { fingerprintOf, restore, takeSnapshot, tryRestore } from "./snapshot.ts";
import { readTable, removeTable } from "./table.ts";

export const nftables: Backend = {
  name: "nftables",
  adviseOnCapacity: undefined,
  findObstacle,
  read: readTable,
  limitsOf: () => [],
  compile: (policy, bound) => compilePolicy(policy, bound),
  print: (program) => printNftables(program),
  load: loadProgram,
  remove: removeTable,
  change: changeMembers,
  takeSnapshot,
  fingerprintOf,
  tryRestore,
  restore,
};
