/** The gate as one table of nftables. */
import type { TokenChange } from "../../backend/live.ts";
import { printFlushed, printNftables, printTokenChange } from "../../backend/nftables/index.ts";
import { compilePolicy } from "../../compile/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, type Result } from "../../problem/problem.ts";
import type { Backend } from "../backend.ts";
import { changeMembers } from "./change.ts";
import { loadProgram } from "./load.ts";
import { findObstacle } from "./obstacle.ts";
import { signed } from "./signed.ts";
import { fingerprintOf, printKept, restore, takeSnapshot, tryRestore } from "./snapshot.ts";
import { loadText, readSets, readTable, removeTable } from "./table.ts";

/** What nft says of a change that it refuses shows some of it, and these are secret. */
async function changeTokens(
  host: Host,
  changes: readonly TokenChange[],
): Promise<Result<undefined>> {
  const changed = await loadText(host, changes.map(printTokenChange).join(""));
  if (changed.ok) return changed;
  return fail(
    ...changed.problems.map((problem) => ({
      ...problem,
      what: withoutTokens(problem.what),
    })),
  );
}

function withoutTokens(what: string): string {
  return what.replace(/ \((add|delete) element .*$/s, "");
}

export const nftables: Backend = {
  name: "nftables",
  adviseOnCapacity: undefined,
  tokens: {
    read: readSets,
    change: changeTokens,
    flush: (host, names) => loadText(host, printFlushed(names)),
  },
  signed,
  findObstacle,
  read: readTable,
  limitsOf: () => [],
  compile: (policy, around) => compilePolicy(policy, around),
  print: (program) => printNftables(program),
  printKept,
  suffix: ".nft",
  load: loadProgram,
  remove: removeTable,
  change: changeMembers,
  secondsAgain: (_, seconds) => seconds,
  takeSnapshot,
  fingerprintOf,
  tryRestore,
  restore,
};
