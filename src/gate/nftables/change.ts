/** Changes to who is in which set, in one transaction. */
import { printForget, printForgetAll, printRemember } from "../../backend/nftables/index.ts";
import type { Host } from "../../host/index.ts";
import type { Result } from "../../problem/problem.ts";
import type { Change } from "../backend.ts";
import { loadText } from "./table.ts";

export function changeMembers(host: Host, changes: readonly Change[]): Promise<Result<undefined>> {
  return loadText(host, changes.map(printChange).join(""));
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
