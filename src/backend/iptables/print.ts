/**
 * A program as a file for `iptables-restore --noflush` and `ip6tables-restore --noflush`, laid out
 * for an administrator who has no Postern at hand.
 */
import type { Chain, Program } from "../../program/program.ts";
import { labelOf, printLabel } from "../labels.ts";
import { type Lasting, type List, listsBySet, printTime } from "./lists.ts";
import { CLOCK, chainNames, LIST, logNames, MADE_OF, POLICY } from "./names.ts";
import { OPTION, recent } from "./print-match.ts";
import { type Names, printRule } from "./print-rule.ts";

/** What a gate that stands already brings along. */
export interface Standing {
  /** Lists that hold somebody. */
  readonly lasting?: readonly Lasting[];
  readonly counted?: ReadonlyMap<string, number>;
}

/** The chains of the gate, from the name of the table to the last rule. */
export function printRules(program: Program, { lasting, counted }: Standing = {}): string[] {
  const lists = listsBySet(program, lasting);
  const chains = chainNames(program.chains.map(({ name }) => name));
  const logged = logNames([
    ...new Set(program.counters.flatMap((counter) => ("door" in counter ? [counter.door] : []))),
  ]);
  const names: Names = {
    chain: (chain) => named(chains, chain),
    logged: (door) => named(logged, door),
    lists: (set) => named(lists, set.name).filter(({ isWindow }) => !isWindow),
    counted: (counter) => counted?.get(counter) ?? 0,
  };
  return [
    "*raw",
    ...[...chains.values(), MADE_OF].map((chain) => `:${chain} - [0:0]`),
    ...program.chains.flatMap((chain) => printChain(chain, names)),
    ...printMadeOf(program, [...lists.values()].flat()),
  ];
}

function printChain({ name, note, rules }: Chain, names: Names): string[] {
  const head = `-A ${names.chain(name)}`;
  const lines = rules.flatMap((rule, index) => {
    // Of rules with one note, the first has it.
    const { note, ...bare } = rule;
    return printRule(note === rules[index - 1]?.note ? bare : rule, names);
  });
  return [
    "",
    `# ${note}`,
    ...lines.map((line) => (line.startsWith("#") ? line : `${head} ${line}`)),
  ];
}

/**
 * For those who read the rules back. A list is named by rules of its own family alone: the first
 * rule that names it says for good how addresses are cut, and IPv4's cannot say it for IPv6.
 */
function printMadeOf({ fingerprint }: Program, lists: readonly List[]): string[] {
  const head = `-A ${MADE_OF}`;
  return [
    "",
    "# No packet comes here. It tells Postern what the gate is made of, and keeps every list there.",
    `${head} -m comment --comment "${POLICY}${fingerprint}"`,
    "# That a rule asks for sockets makes the kernel put fragments together before these rules.",
    `${head} -p tcp -m socket`,
    ...lists.map(
      (list) =>
        `${head} ${optionFor(list)} -m comment --comment "${printList(list)}" ${recent("--set", list)}`,
    ),
    `${head} -m recent --set --name ${CLOCK}`,
  ];
}

function optionFor({ set }: List): string {
  if (set.family === undefined) throw new Error(`optionFor: ${set.name} is of no family`);
  return OPTION[set.family];
}

function printList(list: List): string {
  return `${LIST}${list.name} for=${printTime(list)} ${printLabel(labelOf(list.set))}`;
}

function named<T>(names: ReadonlyMap<string, T>, name: string): T {
  const found = names.get(name);
  if (found === undefined) throw new Error(`named: the program has no ${name}`);
  return found;
}
