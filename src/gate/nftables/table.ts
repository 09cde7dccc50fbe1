/** The one table of the gate in the kernel: read it, change it in one transaction. */
import type { Gap, LiveSet } from "../../backend/live.ts";
import {
  FRAGMENTS_TABLE,
  ownPartOf,
  parseListing,
  printRemoval,
  TABLE,
  type TableListing,
} from "../../backend/nftables/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import type { HowToRead } from "../backend.ts";
import { NOT_OURS, refusedByNft } from "./obstacle.ts";

/**
 * Undefined where there is no gate. Tokens are never members here: there may be a million, and
 * nobody needs to see them.
 */
export async function readTable(
  host: Host,
  { members, of = () => true }: HowToRead,
): Promise<Result<TableListing | undefined>> {
  const bare = await listWithoutMembers(host);
  if (!bare.ok) return bare;
  if (bare.value === undefined) return ok(undefined);
  const gaps = (await hasFragmentsTable(host)) ? {} : { gaps: [NO_FRAGMENTS] };
  const listing = { ...parseListing(bare.value), ...gaps };
  const isTokenSet = ({ label }: LiveSet) => label.role.kind === "tokens";
  if (!members) return ok(listing);
  if (!listing.sets.some(isTokenSet)) {
    const whole = await readWholeTable(host);
    return whole.ok && whole.value !== undefined ? ok({ ...whole.value, ...gaps }) : whole;
  }
  const filled = await readSets(
    host,
    listing.sets.filter((set) => !isTokenSet(set) && of(set)).map(({ name }) => name),
  );
  if (!filled.ok) return orGone(host, filled);
  const byName = new Map(filled.value.map((set) => [set.name, set]));
  return ok({ ...listing, sets: listing.sets.map((set) => byName.get(set.name) ?? set) });
}

const NO_FRAGMENTS: Gap = { family: "ipv6", what: "no fragments" };

async function hasFragmentsTable(host: Host): Promise<boolean> {
  const listed = await host.run(["nft", "--terse", "list", "chains", "ip6"]);
  return listed.status !== 0 || listed.stdout.includes(`table ${FRAGMENTS_TABLE} {`);
}

async function readWholeTable(host: Host): Promise<Result<TableListing | undefined>> {
  const listed = await host.run(["nft", "--json", "list", "table", ...TABLE.split(" ")], {
    purpose: "rules",
  });
  return listed.status === 0
    ? ok(parseListing(listed.stdout))
    : orGone(host, fail(refusedByNft(listed)));
}

/** Somebody may have taken the table down since the first look. */
async function orGone(host: Host, failed: Result<never>): Promise<Result<undefined>> {
  const bare = await listWithoutMembers(host);
  if (!bare.ok) return bare;
  return bare.value === undefined ? ok(undefined) : failed;
}

/** How many programs at a time. */
const SIDE_BY_SIDE = 4;

/** These sets of the table, with all of their members. */
export async function readSets(
  host: Host,
  names: readonly string[],
): Promise<Result<readonly LiveSet[]>> {
  const waiting = [...names];
  const sets: LiveSet[] = [];
  const problems: Problem[] = [];
  const readNext = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const listed = await host.run(["nft", "--json", "list", "set", ...TABLE.split(" "), name], {
        purpose: "rules",
      });
      if (listed.status === 0) sets.push(...parseListing(listed.stdout).sets);
      else problems.push(refusedByNft(listed));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, readNext));
  return problems.length === 0 ? ok(sets) : fail(...problems.slice(0, 1));
}

/**
 * The table without members, as nft prints it in JSON. Of all tables: when nft 1.0.6 lists one, it
 * reads the members too, and throws them away.
 */
export async function listWithoutMembers(host: Host): Promise<Result<string | undefined>> {
  const listed = await host.run(["nft", "--json", "--terse", "list", "ruleset", "inet"], {
    purpose: "rules",
  });
  if (listed.status !== 0) return fail(refusedByNft(listed));
  const { isThere, isOurs } = parseListing(listed.stdout);
  if (!isThere) return ok(undefined);
  return isOurs ? ok(ownPartOf(listed.stdout)) : fail(NOT_OURS);
}

/** A quick look. Undefined when nft refuses it. */
export async function readSetsAndChains(host: Host): Promise<TableListing | undefined> {
  const listed = await Promise.all(
    ["sets", "chains"].map((kind) =>
      host.run(["nft", "--json", "--terse", "list", kind, "inet"], { purpose: "rules" }),
    ),
  );
  if (listed.some(({ status }) => status !== 0)) return undefined;
  return parseListing(...listed.map(({ stdout }) => stdout));
}

/** Loads nftables text: all of it, or on any error nothing. */
export async function loadText(host: Host, text: string): Promise<Result<undefined>> {
  const loaded = await host.run(["nft", "-f", "-"], { stdin: text, purpose: "rules" });
  return loaded.status === 0 ? ok(undefined) : fail(refusedByNft(loaded));
}

/** If there is one. */
export async function removeTable(host: Host): Promise<Result<undefined>> {
  // What somebody else has made in the meantime is not ours to delete.
  const table = await listWithoutMembers(host);
  if (!table.ok) return table;
  const isThere = table.value !== undefined || (await hasFragmentsTable(host));
  return isThere ? loadText(host, printRemoval()) : ok(undefined);
}
