/** Puts rules into the kernel, in one transaction that keeps what still means the same. */
import type { Connection } from "../../backend/live.ts";
import { printAdoption, printNftables, staleIn } from "../../backend/nftables/index.ts";
import { ESTABLISHED_SECONDS } from "../../compile/index.ts";
import type { Host } from "../../host/index.ts";
import type { Result } from "../../problem/problem.ts";
import type { Program } from "../../program/index.ts";
import { loadText, readSetsAndChains, readTable } from "./table.ts";

/** Somebody else may change the gate between our look at it and our change to it. */
const TRIES = 8;
/** So that two who get in each other's way do not keep step: up to so much more each time. */
const PAUSE_MILLISECONDS = 50;

export async function loadProgram(
  host: Host,
  program: Program,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  const adoption = printAdoption(older, ESTABLISHED_SECONDS);
  for (let tries = 1; ; tries += 1) {
    const table = await readTable(host, { members: false });
    if (!table.ok) return table;
    const stale = table.value === undefined ? [] : staleIn(table.value, program);
    // The set of connections may be full: better to cut one than to stand open.
    const adopted = tries > TRIES / 2 ? "" : adoption;
    const loaded = await loadText(host, printNftables(program, stale) + adopted);
    if (tries === TRIES || (loaded.ok && (await isWhole(host, program)))) return loaded;
    await host.pause(Math.random() * PAUSE_MILLISECONDS * tries);
  }
}

/** Whether the gate is of this program alone: what others loaded at the same time may remain. */
async function isWhole(host: Host, program: Program): Promise<boolean> {
  const listing = await readSetsAndChains(host);
  return listing === undefined || staleIn(listing, program).length === 0;
}
