/** The one table of the gate in the kernel: read it, change it in one transaction. */
import { parseListing, TABLE, type TableListing } from "../../backend/nftables/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { NOT_OURS, refusedByNft } from "./obstacle.ts";

/** Undefined where there is no gate. */
export async function readTable(
  host: Host,
  { members }: { readonly members: boolean },
): Promise<Result<TableListing | undefined>> {
  const table = await list(host, members ? [] : ["--terse"]);
  if (!table.ok) return table;
  return ok(table.value === undefined ? undefined : parseListing(table.value));
}

/** The same without members, as nft prints it in JSON. */
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

/** If there is one. */
export async function removeTable(host: Host): Promise<Result<undefined>> {
  // What somebody else has made in the meantime is not ours to delete.
  const table = await listWithoutMembers(host);
  if (!table.ok) return table;
  // It is made first so that there is one to delete, whoever else has deleted it by now.
  return table.value === undefined
    ? ok(undefined)
    : loadText(host, `table ${TABLE}\ndelete table ${TABLE}\n`);
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
