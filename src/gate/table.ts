/** The one table of the gate in the kernel: read it, change it in one transaction. */
import { parseListing, TABLE, type TableListing } from "../backend/nftables/index.ts";
import type { Host } from "../host/index.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { findObstacle, NOT_OURS, refusedByNft } from "./obstacle.ts";

/** What the kernel holds of a gate; none is a problem. */
export async function readGate(host: Host): Promise<Result<TableListing>> {
  const obstacle = await findObstacle(host);
  if (obstacle !== undefined) return fail(obstacle);
  const table = await list(host, []);
  if (!table.ok) return table;
  return table.value === undefined ? fail(NO_GATE) : ok(parseListing(table.value));
}

/**
 * The same on a host without an obstacle, undefined where there is no gate, and with every set
 * as if it were empty: to list a full one takes a second.
 */
export async function readTableWithoutMembers(
  host: Host,
): Promise<Result<TableListing | undefined>> {
  const table = await listWithoutMembers(host);
  if (!table.ok) return table;
  return ok(table.value === undefined ? undefined : parseListing(table.value));
}

/** The same as nft prints it in JSON. */
export function listWithoutMembers(host: Host): Promise<Result<string | undefined>> {
  return list(host, ["--terse"]);
}

/** A quick look: a tenth of the time that the whole table takes. Undefined when nft refuses it. */
export async function readSetsAndChains(host: Host): Promise<TableListing | undefined> {
  const listed = await Promise.all(
    ["sets", "chains"].map((kind) => host.run(["nft", "--json", "--terse", "list", kind, "inet"])),
  );
  if (listed.some(({ status }) => status !== 0)) return undefined;
  return parseListing(...listed.map(({ stdout }) => stdout));
}

/** Loads nftables text: all of it, or on any error nothing. */
export async function loadText(host: Host, text: string): Promise<Result<undefined>> {
  const loaded = await host.run(["nft", "-f", "-"], { stdin: text });
  return loaded.status === 0 ? ok(undefined) : fail(refusedByNft(loaded));
}

async function list(host: Host, options: readonly string[]): Promise<Result<string | undefined>> {
  const argv = ["nft", "--json", ...options, "list", "table", ...TABLE.split(" ")];
  const first = await host.run(argv);
  if (first.status === 0) return oursIn(first.stdout);
  const tables = await host.run(["nft", "list", "tables", "inet"]);
  if (tables.status !== 0) return fail(refusedByNft(tables));
  if (!tables.stdout.split("\n").includes(`table ${TABLE}`)) return ok(undefined);
  // Somebody may have put it up since the first look.
  const second = await host.run(argv);
  return second.status === 0 ? oursIn(second.stdout) : fail(refusedByNft(second));
}

function oursIn(json: string): Result<string> {
  return parseListing(json).isOurs ? ok(json) : fail(NOT_OURS);
}

const NO_GATE = {
  code: "no-gate",
  severity: "error",
  what: "there is no gate on this host",
  fix: "load one with `postern apply`",
} as const;
