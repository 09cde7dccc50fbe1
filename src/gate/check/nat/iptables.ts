/** Translations in rules of iptables, as its `-save` programs print them. */

import type { Family } from "../../../policy/address.ts";
import type { Ports } from "../ports.ts";
import type { Narrow } from "./match.ts";
import {
  ALL_PACKETS,
  doubtful,
  ofFamilies,
  ofProtocols,
  parseSpan,
  portsWithout,
  toPorts,
  toSpans,
} from "./packets.ts";
import {
  type Deed,
  type NatRule,
  type Target,
  type Translation,
  translationsFrom,
} from "./translation.ts";

/** One table of one program. */
export interface SavedTable {
  /** What changes it, such as `ip6tables-legacy`. */
  readonly program: string;
  readonly family: Family;
  readonly table: "nat" | "mangle";
  readonly saved: string;
}

export function translationsInIptables(table: SavedTable): Translation[] {
  const lines = table.saved.split("\n");
  const names = lines.flatMap((line) => /^:(\S+) /.exec(line)?.[1] ?? []);
  const chains = new Map(names.map((name): [string, NatRule[]] => [name, []]));
  for (const line of lines) {
    const [flag, chain = "", ...words] = wordsOf(line);
    if (flag !== "-A") continue;
    const parsed = parseRule(words, chains);
    if (parsed === undefined) continue;
    chains.get(chain)?.push({
      ...parsed,
      rule: `the rule ${JSON.stringify(line)} in the table ${table.table} of ${table.program}`,
      undo: `${table.program} -t ${table.table} ${line.replace(/^-A/, "-D")}`,
    });
  }
  return translationsFrom(chains, "PREROUTING", ofFamilies(ALL_PACKETS, [table.family]));
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** Options that say nothing of a packet, with the one word after them. */
const SILENT = ["-m", "--match", "--comment"];

/** Undefined where the rule does nothing that matters here. */
function parseRule(
  words: readonly string[],
  chains: ReadonlyMap<string, unknown>,
): Pick<NatRule, "narrow" | "deed"> | undefined {
  const end = words.findIndex((word) => word === "-j" || word === "-g");
  const [option, target = "", ...options] = end === -1 ? [] : words.slice(end);
  if (option === undefined) return undefined;
  const deed = deedOf(option, target, options, chains);
  if (deed === undefined) return undefined;
  // Only a socket that was made for it takes what TPROXY sends.
  const last = target === "TPROXY" ? [doubtful] : [];
  const narrows = [...narrowsIn(words.slice(0, end)), ...last];
  return { deed, narrow: (packets) => narrows.reduce((left, next) => next(left), packets) };
}

function narrowsIn(words: readonly string[]): Narrow[] {
  const narrows: Narrow[] = [];
  let isNot = false;
  for (let n = 0; n < words.length; n += 1) {
    const [option = "", value = ""] = [words[n], words[n + 1]];
    if (option === "!") isNot = true;
    else if (SILENT.includes(option)) n += 1;
    else if (option.startsWith("-")) {
      narrows.push(narrowOf(option, value, isNot));
      isNot = false;
    }
  }
  return narrows;
}

function deedOf(
  option: string,
  target: string,
  options: readonly string[],
  chains: ReadonlyMap<string, unknown>,
): Deed | undefined {
  const after = (name: string) => options[options.indexOf(name) + 1] ?? "";
  const valueAfter = (name: string) => (options.includes(name) ? after(name) : "");
  switch (target) {
    case "ACCEPT":
    case "DROP":
      return { kind: "end" };
    case "RETURN":
      return { kind: "return" };
    case "REDIRECT":
      return {
        kind: "translate",
        target: { to: undefined, ports: portsOf(valueAfter("--to-ports")) },
      };
    case "TPROXY": {
      const { to } = parseTarget(valueAfter("--on-ip"));
      return { kind: "translate", target: { to, ports: portsOf(valueAfter("--on-port")) } };
    }
    case "DNAT":
      return { kind: "translate", target: parseTarget(valueAfter("--to-destination")) };
    case "NETMAP":
      return { kind: "translate", target: parseTarget(valueAfter("--to")) };
    default:
      if (!chains.has(target)) return undefined;
      return { kind: option === "-j" ? "jump" : "goto", chain: target };
  }
}

/** `10.9.0.10`, `10.9.0.10:22`, `10.9.0.10-10.9.0.12:22-24`, `[2001:db8::1]:22`, `10.9.0.0/24`. */
function parseTarget(text: string): Target {
  const bracketed = /^\[([^\]]*)\](?::([\d-]+))?/.exec(text);
  const dotted = /^([\d./-]*)(?::([\d-]+))?$/.exec(text);
  const [, to = text, ports = ""] = bracketed ?? dotted ?? [];
  const span = parseSpan(to);
  return { to: span?.first === 0n ? undefined : span, ports: portsOf(ports) };
}

/** `22`, `22-24` or `22:24`; 0 is none. */
function portsOf(text: string): Ports | undefined {
  const [, first, last = first] = /^(\d+)(?:[-:](\d+))?/.exec(text) ?? [];
  if (first === undefined || first === "0") return undefined;
  return { first: Number(first), last: Number(last) };
}

function narrowOf(option: string, value: string, isNot: boolean): Narrow {
  switch (option) {
    case "-p":
    case "--protocol":
      if (value === "all") return (packets) => packets;
      return isNot ? doubtful : (packets) => ofProtocols(packets, [value]);
    case "-d":
    case "--destination":
      return isNot ? doubtful : narrowToAddress(value);
    case "-s":
    case "--source":
      return isNot ? doubtful : (packets) => ({ ...packets, from: value });
    case "--dport":
    case "--dports":
    case "--destination-port":
    case "--destination-ports": {
      const ports = value.split(",").flatMap((part) => portsOf(part) ?? []);
      const those = isNot ? portsWithout({ first: 0, last: 65_535 }, ports) : ports;
      return (packets) => toPorts(packets, those);
    }
    case "--dst-type":
      return narrowToType(value, isNot);
    case "--ctstate":
    case "--state":
      return narrowToState(value, isNot);
    case "-i":
    case "--in-interface":
      return narrowToInterface(value, isNot);
    default:
      return doubtful;
  }
}

/** The first packet of a connection is a new one. */
function narrowToState(states: string, isNot: boolean): Narrow {
  const isNobody = states.split(",").includes("NEW") === isNot;
  return (packets) => (isNobody ? { ...packets, families: [] } : packets);
}

function narrowToType(type: string, isNot: boolean): Narrow {
  return type === "LOCAL" && !isNot ? (packets) => ({ ...packets, isLocal: true }) : doubtful;
}

function narrowToAddress(text: string): Narrow {
  const span = parseSpan(text);
  return span === undefined ? doubtful : (packets) => toSpans(packets, [span]);
}

function narrowToInterface(name: string, isNot: boolean): Narrow {
  // All but one are still the interfaces to the world, as far as anybody can tell.
  if (isNot) return (packets) => packets;
  return (packets) => (name === "lo" ? { ...packets, families: [] } : { ...packets, by: name });
}
