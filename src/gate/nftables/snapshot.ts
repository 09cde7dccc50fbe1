/** The table as nft prints it, and the same table again. */
import type { Connection } from "../../backend/live.ts";
import {
  parseListing,
  printAdoption,
  printListed,
  printListedAnew,
  staleBeside,
  TABLE,
} from "../../backend/nftables/index.ts";
import { ESTABLISHED_SECONDS } from "../../compile/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { KeptGate } from "../backend.ts";
import { refusedByNft } from "./obstacle.ts";
import { listWithoutMembers, loadText, readTable } from "./table.ts";

/** Protocols by their numbers: their names are in a file that may be another one by then. */
const OPTIONS = ["--stateless", "--terse", "--numeric-protocol"];
const LIST = ["nft", ...OPTIONS, "list", "table", ...TABLE.split(" ")];

export async function takeSnapshot(host: Host): Promise<Result<KeptGate | null>> {
  const listing = await listWithoutMembers(host);
  if (!listing.ok) return listing;
  if (listing.value === undefined) return ok(null);
  const rules = await host.run(LIST);
  if (rules.status !== 0) return fail(refusedByNft(rules));
  return ok({ backend: "nftables", texts: { rules: rules.stdout, listing: listing.value } });
}

export function fingerprintOf({ texts: { listing = "" } }: KeptGate): string | undefined {
  return parseListing(listing).fingerprint;
}

export async function tryRestore(
  host: Host,
  { texts: { rules = "" } }: KeptGate,
): Promise<Result<undefined>> {
  const tried = await host.run(["nft", "--check", "-f", "-"], { stdin: printListedAnew(rules) });
  return tried.status === 0 ? ok(undefined) : fail(refusedByNft(tried));
}

export async function restore(
  host: Host,
  { texts: { rules = "", listing = "" } }: KeptGate,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  // What somebody else has made in the meantime is not ours to delete.
  const table = await readTable(host, { members: false });
  if (!table.ok) return table;
  const stale = table.value === undefined ? [] : staleBeside(table.value, parseListing(listing));
  const adoption = printAdoption(older, ESTABLISHED_SECONDS);
  const restored = await loadText(host, printListed(rules, stale) + adoption);
  // Somebody may have changed in between what that text was made for, and there may be no room
  // for those connections.
  return restored.ok ? restored : loadText(host, printListedAnew(rules));
}
