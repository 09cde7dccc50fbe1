/** Puts a policy to work on this host, in one transaction that keeps what still means the same. */
import { printAdoption, printNftables, staleIn } from "../backend/nftables/index.ts";
import { compilePolicy } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { connectionsTo } from "./connections.ts";
import { loadText, readTable } from "./table.ts";

/** How long an adopted connection may be silent: as long as any other (`compile/shared.ts`). */
const ADOPTED_SECONDS = 432_000;

/** Somebody else may change the gate between our look at it and our change to it. */
const TRIES = 3;

export async function applyPolicy(host: Host, policy: Policy): Promise<Result<undefined>> {
  if (policy.backend === "iptables") return fail(NO_IPTABLES);
  const program = compilePolicy(policy);
  const adoption = printAdoption(await connectionsTo(host, policy), ADOPTED_SECONDS);
  for (let tries = 1; ; tries += 1) {
    const table = await readTable(host);
    if (!table.ok) return table;
    const stale = table.value === undefined ? [] : staleIn(table.value, program);
    const loaded = await loadText(host, printNftables(program, stale) + adoption);
    if (loaded.ok || tries === TRIES) return loaded;
  }
}

/** Takes the gate away: every service is reachable as if there had never been one. */
export async function removeGate(host: Host): Promise<Result<"removed" | "there was none">> {
  const table = await readTable(host);
  if (!table.ok) return table;
  if (table.value === undefined) return ok("there was none");
  const removed = await loadText(host, "delete table inet postern\n");
  return removed.ok ? ok("removed") : removed;
}

const NO_IPTABLES = {
  code: "no-such-backend",
  severity: "error",
  what: "the policy asks for `backend: iptables`, which does not exist yet",
  fix: "write `backend: nftables`, or leave the line out",
} as const;
