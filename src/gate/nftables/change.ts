/** Changes to who is in which set, in one transaction. */

import { holds, type LiveSet } from "../../backend/live.ts";
import { printForget, printForgetAll, printRemember } from "../../backend/nftables/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, type Problem, type Result } from "../../problem/problem.ts";
import type { Change } from "../backend.ts";
import { loadText } from "./table.ts";

export async function changeMembers(
  host: Host,
  changes: readonly Change[],
): Promise<Result<undefined>> {
  const full = changes.find(findsNoRoom);
  if (full !== undefined) return fail(setFull(full.set));
  return loadText(host, changes.map(printChange).join(""));
}

/** nft would say no more than that something was not done. */
function findsNoRoom(change: Change): boolean {
  if (change.kind !== "remember") return false;
  const { set, source } = change;
  return set.members.length >= set.capacity && !holds(set, source);
}

function setFull({ name, capacity }: LiveSet): Problem {
  return {
    code: "set-full",
    severity: "error",
    what: `the set ${name} is full: it holds ${capacity} sources`,
    fix: "make room first; `postern status` shows who is in it",
  };
}

function printChange(change: Change): string {
  switch (change.kind) {
    case "remember":
      return printRemember(change.set, change.source, change.seconds);
    case "forget":
      return printForget(change.set, change.source);
    case "forget-all":
      return printForgetAll(change.set);
  }
}
