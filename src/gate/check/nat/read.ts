/** Asks the host for its rules that send packets elsewhere. */
import type { Host } from "../../../host/index.ts";
import { FAMILIES, type Family } from "../../../policy/address.ts";
import { otherVariant, ownVariant, programOf, type Variant } from "../../iptables/variant.ts";
import { at, listOf, parsed } from "../json.ts";
import { type SavedTable, translationsInIptables } from "./iptables.ts";
import { listMaps, translationsInNftables } from "./nftables.ts";
import type { Translation } from "./translation.ts";

/** Tables of iptables in which packets get another destination. */
const TABLES = ["nat", "mangle"] as const;

/** Rules as they are printed; empty where they cannot be read, which takes root. */
export interface PrintedRules {
  /** Of nftables, in JSON, without the elements of its sets and maps. */
  readonly ruleset: string;
  /** The named maps of nftables that are not the gate's, in JSON. */
  readonly maps: readonly string[];
  /** Of iptables, of both kinds. */
  readonly tables: readonly SavedTable[];
}

/** @param ruleset where it was printed already. */
export async function readPrintedRules(host: Host, ruleset?: string): Promise<PrintedRules> {
  const known =
    ruleset ??
    (await host.run(["nft", "--json", "--terse", "list", "ruleset"], { purpose: "rules" })).stdout;
  const tables = await Promise.all(
    FAMILIES.flatMap((family) =>
      [true, false].map((isLegacy) => readTables(host, known, family, isLegacy)),
    ),
  );
  const maps = await Promise.all(
    listMaps(known).map(async (argv) => (await host.run(argv, { purpose: "rules" })).stdout),
  );
  return { ruleset: known, maps, tables: tables.flat() };
}

export function translationsIn({ ruleset, maps, tables }: PrintedRules): Translation[] {
  return [...translationsInNftables(ruleset, maps), ...tables.flatMap(translationsInIptables)];
}

/** Those that exist: to ask the older iptables for a table makes it. */
async function readTables(
  host: Host,
  ruleset: string,
  family: Family,
  isLegacy: boolean,
): Promise<SavedTable[]> {
  const names = isLegacy ? await legacyTables(host, family) : tablesInNftables(ruleset, family);
  const tables = TABLES.filter((table) => names.includes(table));
  if (tables.length === 0) return [];
  const variant = await variantFor(host, isLegacy);
  if (variant === undefined) return [];
  const program = programOf(variant, family, "save");
  return Promise.all(
    tables.map(async (table) => {
      const { stdout: saved } = await host.run([program, "--table", table]);
      return { program: program.replace(/-save$/, ""), family, table, saved };
    }),
  );
}

async function legacyTables(host: Host, family: Family): Promise<string[]> {
  const file = `/proc/net/${family === "ipv4" ? "ip" : "ip6"}_tables_names`;
  return ((await host.readKernelFile(file)) ?? "").split("\n");
}

function tablesInNftables(ruleset: string, family: Family): string[] {
  return listOf(parsed(ruleset), "nftables")
    .map((item) => at(item, "chain"))
    .filter((chain) => at(chain, "family") === (family === "ipv4" ? "ip" : "ip6"))
    .filter((chain) => at(chain, "name") === "PREROUTING")
    .map((chain) => `${at(chain, "table")}`);
}

async function variantFor(host: Host, isLegacy: boolean): Promise<Variant | undefined> {
  const own = await ownVariant(host);
  if (own === undefined || own.isLegacy === isLegacy) return own;
  return otherVariant(host, own);
}
