/** The one table of the gate in the kernel: read it, change it in one transaction. */
import { type Listing, parseListing, TABLE } from "../backend/nftables/index.ts";
import type { Host } from "../host/index.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { findObstacle, refusedByNft } from "./obstacle.ts";

/** What the kernel holds; the value is undefined when there is no gate. */
export async function readTable(host: Host): Promise<Result<Listing | undefined>> {
  const obstacle = await findObstacle(host);
  if (obstacle !== undefined) return fail(obstacle);
  const tables = await host.run(["nft", "list", "tables", "inet"]);
  if (tables.status !== 0) return fail(refusedByNft(tables.stderr));
  if (!tables.stdout.split("\n").includes(`table ${TABLE}`)) return ok(undefined);
  const listing = await host.run(["nft", "--json", "list", "table", ...TABLE.split(" ")]);
  return listing.status === 0
    ? ok(parseListing(listing.stdout))
    : fail(refusedByNft(listing.stderr));
}

/** The same, where a gate is needed. */
export async function readGate(host: Host): Promise<Result<Listing>> {
  const table = await readTable(host);
  if (!table.ok) return table;
  return table.value === undefined ? fail(NO_GATE) : ok(table.value);
}

/** Loads nftables text: all of it, or on any error nothing. */
export async function loadText(host: Host, text: string): Promise<Result<undefined>> {
  const loaded = await host.run(["nft", "-f", "-"], { stdin: text });
  return loaded.status === 0 ? ok(undefined) : fail(refusedByNft(loaded.stderr));
}

const NO_GATE = {
  code: "no-gate",
  severity: "error",
  what: "there is no gate on this host",
  fix: "load one with `postern apply`",
} as const;
