/** The gate as it stands in the kernel, kept so that it can come back. */
import {
  parseListing,
  printListed,
  printListedAnew,
  staleBeside,
  TABLE,
} from "../../backend/nftables/index.ts";
import type { Finished, Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { refusedByNft } from "../obstacle.ts";
import { listWithoutMembers, loadText, readTableWithoutMembers } from "../table.ts";
import { hasKeys } from "./keep.ts";

/** Both as nft prints them, without members: the rules, and the same for reading. */
export interface Gate {
  readonly rules: string;
  readonly listing: string;
}

/** Null: there was no gate. */
export type Snapshot = Gate | null;

/** Protocols by their numbers: their names are in a file that may be another one by then. */
const OPTIONS = ["--stateless", "--terse", "--numeric-protocol"];
const LIST = ["nft", ...OPTIONS, "list", "table", ...TABLE.split(" ")];

/** A table of our name that is not ours is a problem. */
export async function takeSnapshot(host: Host): Promise<Result<Snapshot>> {
  const listing = await listWithoutMembers(host);
  if (!listing.ok) return listing;
  if (listing.value === undefined) return ok(null);
  const rules = await host.run(LIST);
  if (rules.status !== 0) return fail(refusedByNft(rules));
  return ok({ rules: rules.stdout, listing: listing.value });
}

/**
 * Puts it in the place of what stands; what means the same in both is kept. `older` is text that
 * lets connections go on which it has not seen begin.
 */
export async function restoreSnapshot(
  host: Host,
  snapshot: Snapshot,
  older = "",
): Promise<Result<undefined>> {
  const text = await textToRestore(host, snapshot);
  if (!text.ok) return text;
  const restored = await loadText(host, text.value + older);
  // Somebody may have changed in between what that text was made for, and there may be no room
  // for those connections.
  return restored.ok || snapshot === null
    ? restored
    : loadText(host, printListedAnew(snapshot.rules));
}

/** Whether nft would take it, now that nothing depends on it. */
export async function tryRestore(host: Host, snapshot: Snapshot): Promise<Result<undefined>> {
  if (snapshot === null) return ok(undefined);
  const tried: Finished = await host.run(["nft", "--check", "-f", "-"], {
    stdin: printListedAnew(snapshot.rules),
  });
  return tried.status === 0 ? ok(undefined) : fail(refusedByNft(tried));
}

async function textToRestore(host: Host, snapshot: Snapshot): Promise<Result<string>> {
  // What somebody else has made in the meantime is not ours to delete.
  const table = await readTableWithoutMembers(host);
  if (!table.ok) return table;
  // It is made first so that there is one to delete.
  if (snapshot === null) return ok(`table ${TABLE}\ndelete table ${TABLE}\n`);
  const stale =
    table.value === undefined ? [] : staleBeside(table.value, parseListing(snapshot.listing));
  return ok(printListed(snapshot.rules, stale));
}

export function isSnapshot(value: unknown): value is Snapshot {
  return value === null || hasKeys(value, { rules: "string", listing: "string" });
}
