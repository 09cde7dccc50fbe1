/** Translations in rules of nftables, as `nft --json list ruleset` prints them. */
import { TABLE } from "../../../backend/nftables/index.ts";
import { at, has, listOf, parsed } from "../json.ts";
import { portsInJson } from "../ports.ts";
import { type Narrow, narrowTo, spansInJson } from "./match.ts";
import { ALL_PACKETS, doubtful, ofFamilies } from "./packets.ts";
import {
  type Deed,
  type NatRule,
  type Target,
  type Translation,
  translationsFrom,
} from "./translation.ts";

const FAMILIES_OF: Readonly<Record<string, readonly string[]>> = {
  ip: ["ipv4"],
  ip6: ["ipv6"],
  inet: ["ipv4", "ipv6"],
};

/** The elements of the named maps of a table. */
type Maps = ReadonlyMap<string, readonly unknown[]>;

/** The commands that list the named maps of all tables but the gate's own, with their elements. */
export function listMaps(ruleset: string): string[][] {
  return listOf(parsed(ruleset), "nftables")
    .map((item) => at(item, "map"))
    .filter((map) => has(FAMILIES_OF, `${at(map, "family")}`) && nameTable(map) !== TABLE)
    .map((map) => [
      ...["nft", "--json", "list", "map"],
      ...["family", "table", "name"].map((key) => `${at(map, key)}`),
    ]);
}

/**
 * Those of all tables but the gate's own, of what comes from other hosts.
 *
 * @param printedMaps what the commands of {@link listMaps} have printed.
 */
export function translationsInNftables(
  json: string,
  printedMaps: readonly string[] = [],
): Translation[] {
  const items = listOf(parsed(json), "nftables");
  const maps = printedMaps
    .flatMap((text) => listOf(parsed(text), "nftables"))
    .map((item) => at(item, "map"));
  const rules = items.map((item) => at(item, "rule"));
  return items
    .map((item) => at(item, "chain"))
    .filter((chain) => nameTable(chain) !== TABLE && mayTranslate(chain, rules))
    .flatMap((base) => {
      const table = nameTable(base);
      const chains = new Map<string, NatRule[]>();
      const elements: Maps = new Map(
        maps
          .filter((map) => nameTable(map) === table)
          .map((map) => [`@${at(map, "name")}`, listOf(map, "elem")]),
      );
      for (const rule of rules.filter((one) => nameTable(one) === table)) {
        const chain = `${at(rule, "chain")}`;
        chains.set(chain, [...(chains.get(chain) ?? []), ...parseRule(rule, elements)]);
      }
      const every = ofFamilies(ALL_PACKETS, FAMILIES_OF[`${at(base, "family")}`] ?? []);
      // At a later hook, other firewalls may have stopped the packet under its first port.
      const packets = at(base, "hook") === "prerouting" ? every : doubtful(every);
      return translationsFrom(chains, `${at(base, "name")}`, packets);
    });
}

/** Behind `prerouting`, only rules that write into the packet give it another destination. */
function mayTranslate(base: unknown, rules: readonly unknown[]): boolean {
  const hook = at(base, "hook");
  if (hook === "prerouting") return true;
  if (hook !== "input" && hook !== "forward") return false;
  return rules.some(
    (rule) =>
      nameTable(rule) === nameTable(base) &&
      listOf(rule, "expr").some((one) => has(one, "mangle") && waysOfMangle(one).length > 0),
  );
}

function nameTable(item: unknown): string {
  return `${at(item, "family")} ${at(item, "table")}`;
}

/** One for each way in which the rule may end. */
function parseRule(rule: unknown, maps: Maps): NatRule[] {
  const chain = `${nameTable(rule)} ${at(rule, "chain")}`;
  const named = {
    rule: `the rule with handle ${at(rule, "handle")} in the nftables chain ${chain}`,
    undo: `nft delete rule ${chain} handle ${at(rule, "handle")}`,
  };
  let narrow: Narrow = (packets) => packets;
  for (const expression of listOf(rule, "expr")) {
    const before = narrow;
    const ways = waysOf(expression, maps);
    if (ways.length > 0) {
      return ways.map(({ only, deed }) => ({
        ...named,
        deed,
        narrow: (packets) => only(before(packets)),
      }));
    }
    const next = narrowOf(expression);
    narrow = (packets) => next(before(packets));
  }
  return [];
}

function narrowOf(expression: unknown): Narrow {
  if (has(expression, "match")) {
    const right = at(expression, "match", "right");
    return narrowTo(at(expression, "match", "left"), right, at(expression, "match", "op") === "!=");
  }
  const hangs = ["limit", "xt", "quota", "connlimit", "queue"].some((one) => has(expression, one));
  return hangs ? doubtful : (packets) => packets;
}

interface Way {
  readonly only: Narrow;
  readonly deed: Deed;
}

const all: Narrow = (packets) => packets;

/** None where the rule goes on behind the expression. */
function waysOf(expression: unknown, maps: Maps): Way[] {
  if (has(expression, "vmap")) return waysOfMap(at(expression, "vmap"), maps, verdictOf);
  const verdict = verdictOf(expression);
  if (verdict !== undefined) return [{ only: all, deed: verdict }];
  if (has(expression, "mangle")) return waysOfMangle(expression);
  const kind = (["redirect", "dnat", "tproxy"] as const).find((one) => has(expression, one));
  if (kind === undefined) return [];
  const { addr, port } = { addr: at(expression, kind, "addr"), port: at(expression, kind, "port") };
  if (has(addr, "map")) return waysOfMap(at(addr, "map"), maps, targetOfMap(port));
  if (has(port, "map")) {
    return waysOfMap(at(port, "map"), maps, (value) => translate(targetOf(addr, value)));
  }
  // Only a socket that was made for it takes what TPROXY sends.
  const only = kind === "tproxy" ? doubtful : all;
  return [{ only, deed: translate(targetOf(addr, port)) }];
}

/** To a new destination address or port, which packets get without connection tracking. */
function waysOfMangle(expression: unknown): Way[] {
  const field = at(expression, "mangle", "key", "payload", "field");
  const value = at(expression, "mangle", "value");
  if (field === "dport") return [{ only: all, deed: translate(targetOf(undefined, value)) }];
  return field === "daddr" ? [{ only: all, deed: translate(targetOf(value, undefined)) }] : [];
}

function translate(target: Target): Deed {
  return { kind: "translate", target };
}

/** The value of a map of addresses may hold the port as well. */
function targetOfMap(port: unknown): (value: unknown) => Deed {
  return (value) => {
    const [to, own] = has(value, "concat") ? listOf(value, "concat") : [value, port];
    return translate(targetOf(to, own));
  };
}

function targetOf(to: unknown, port: unknown): Target {
  const [span] = spansInJson(to);
  const [ports] = portsInJson(port);
  // `0.0.0.0` and `::` leave it to the socket.
  return { to: span?.first === 0n ? undefined : span, ports };
}

/** One way for each element. */
function waysOfMap(map: unknown, maps: Maps, deedOf: (value: unknown) => Deed | undefined): Way[] {
  const elements = maps.get(`${at(map, "data")}`) ?? listOf(map, "data", "set");
  return elements.flatMap((element) => {
    const [first, value] = listOf(element);
    // With a timeout, counter or comment of its own.
    const key = has(first, "elem") ? at(first, "elem", "val") : first;
    const deed = deedOf(value);
    return deed === undefined ? [] : [{ only: narrowTo(at(map, "key"), key, false), deed }];
  });
}

function verdictOf(expression: unknown): Deed | undefined {
  if (["accept", "drop", "reject"].some((one) => has(expression, one))) return { kind: "end" };
  if (has(expression, "return")) return { kind: "return" };
  const kind = (["jump", "goto"] as const).find((one) => has(expression, one));
  return kind === undefined ? undefined : { kind, chain: `${at(expression, kind, "target")}` };
}
