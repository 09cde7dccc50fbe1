/** What `ip` knows of addresses that are this host's by other routing tables than `local`. */
import type { Host } from "../../host/index.ts";
import { FAMILIES, type Family, type Prefix, parsePrefix } from "../../policy/address.ts";
import { at, has, listOf, parsed } from "./json.ts";

/** Packets to its addresses end here where a rule sends them to the table. */
export interface OtherLocal {
  readonly prefix: Prefix;
  readonly table: string;
  /** Whether a rule sends packets there whoever sent them; otherwise some only, as by a mark. */
  readonly isForAll: boolean;
}

/** None of tables to which no rule leads, nor where the gate finds the addresses as well. */
export async function readOtherLocals(host: Host): Promise<OtherLocal[]> {
  const { stdout } = await host.run(["ip", ..."--json route show table all type local".split(" ")]);
  const locals = listOf(parsed(stdout)).flatMap(localOf);
  const perFamily = await Promise.all(
    FAMILIES.map(async (family) => {
      const those = locals.filter(({ prefix }) => prefix.first.family === family);
      if (those.length === 0) return [];
      const rules = await readRules(host, family);
      const vrfs = rules.some((rule) => has(rule, "l3mdev")) ? await readVrfTables(host) : [];
      return those.flatMap((local) => asRuled(local, rules, vrfs));
    }),
  );
  return perFamily.flat();
}

async function readRules(host: Host, family: Family): Promise<unknown[]> {
  const flag = family === "ipv4" ? "-4" : "-6";
  const { stdout } = await host.run(["ip", flag, "--json", "rule", "show"]);
  // Loopback is where this host's own packets come from.
  return listOf(parsed(stdout)).filter((rule) => at(rule, "iif") !== "lo");
}

async function readVrfTables(host: Host): Promise<string[]> {
  const { stdout } = await host.run(["ip", "--json", "--details", "link", "show", "type", "vrf"]);
  return listOf(parsed(stdout)).map((link) => `${at(link, "linkinfo", "info_data", "table")}`);
}

/** `default` is for TPROXY, which sends to sockets that are made for it. */
function localOf(route: unknown): OtherLocal[] {
  const [prefix, table] = [parsePrefix(`${at(route, "dst")}`), at(route, "table")];
  if (prefix === undefined || table === undefined || table === "local") return [];
  return [{ prefix, table: `${table}`, isForAll: false }];
}

/** IPv6 follows rules that ask for nothing but the destination also where the gate asks. */
function asRuled(
  local: OtherLocal,
  rules: readonly unknown[],
  vrfs: readonly string[],
): OtherLocal[] {
  const { prefix, table } = local;
  const mustSelect = prefix.first.family === "ipv6";
  const those = rules
    .filter((rule) => `${at(rule, "table")}` === table)
    .filter((rule) => !mustSelect || selectorsOf(rule).length > 0);
  if (those.length === 0 && !vrfs.includes(table)) return [];
  const isForAll = those.some((rule) => selectorsOf(rule).every((one) => one === "iif"));
  return [{ ...local, isForAll }];
}

const NO_SELECTORS = ["priority", "table", "dst", "dstlen", "protocol", "action"];

/** By what, besides the destination, the rule chooses its packets. */
function selectorsOf(rule: unknown): string[] {
  const keys = typeof rule === "object" && rule !== null ? Object.keys(rule) : [];
  return keys.filter(
    (key) => !NO_SELECTORS.includes(key) && !(key === "src" && at(rule, key) === "all"),
  );
}
