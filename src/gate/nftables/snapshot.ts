/** The table as nft prints it, and the same table again. */
import type { Connection } from "../../backend/live.ts";
import {
  FRAGMENTS_TABLE,
  parseListing,
  printAdoption,
  printListed,
  printListedAnew,
  printListedFile,
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
/** All tables, as in `listWithoutMembers`. */
const LIST = ["nft", ...OPTIONS, "list", "ruleset", "inet"];
const LIST_FRAGMENTS = ["nft", ...OPTIONS, "list", "table", ...FRAGMENTS_TABLE.split(" ")];

export async function takeSnapshot(host: Host): Promise<Result<KeptGate | null>> {
  const listing = await listWithoutMembers(host);
  if (!listing.ok) return listing;
  if (listing.value === undefined) return ok(null);
  const listed = await host.run(LIST, { purpose: "rules" });
  if (listed.status !== 0) return fail(refusedByNft(listed));
  const own = ownPartOf(listed.stdout);
  // Somebody may have taken it down since the first look.
  if (own === undefined) return ok(null);
  // One of an earlier release has none.
  const fragments = await host.run(LIST_FRAGMENTS);
  const rules = fragments.status === 0 ? `${own}${fragments.stdout}` : own;
  return ok({ backend: "nftables", texts: { rules, listing: listing.value } });
}

/** The table ends where a line begins with a brace; what is in it is indented. */
function ownPartOf(ruleset: string): string | undefined {
  return new RegExp(`^table ${TABLE} \\{\\n[^]*?^\\}\\n`, "m").exec(ruleset)?.[0];
}

export function fingerprintOf({ texts: { listing = "" } }: KeptGate): string | undefined {
  return parseListing(listing).fingerprint;
}

export function printKept({ texts: { rules = "" } }: KeptGate): string {
  return printListedFile(rules);
}

export async function tryRestore(
  host: Host,
  { texts: { rules = "" } }: KeptGate,
): Promise<Result<undefined>> {
  const tried = await host.run(["nft", "--check", "-f", "-"], {
    stdin: printListedAnew(rules),
    purpose: "rules",
  });
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
