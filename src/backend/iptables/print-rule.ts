/** One rule of a program as lines of a chain, as `iptables-restore` reads them. */
import type { Action, Rule, Verdict } from "../../program/program.ts";
import { type List, listFor, windowFor } from "./lists.ts";
import { COUNTS } from "./names.ts";
import { familyOf, type ListsOf, notIn, OPTION, recent, type Way, waysOf } from "./print-match.ts";

/** What a printer has to know of the whole program. */
export interface Names {
  readonly chain: (chain: string) => string;
  /** What the kernel log calls a door. */
  readonly logged: (door: string) => string;
  /** The lists in which a member of the set may be. */
  readonly lists: ListsOf;
  /** How many packets a counter has counted before these rules. */
  readonly counted: (counter: string) => number;
}

/** Lines of one chain: what comes after `-A CHAIN`, or a remark. */
export function printRule(rule: Rule, names: Names): string[] {
  const note = rule.note === undefined ? [] : [`# ${rule.note}`];
  const ways = rule.when.length === 0 ? unasked(rule, names) : asked(rule, names);
  return [...note, ...ways.map(printWay)];
}

/**
 * `-4` and `-6` make one text for both families: `iptables-restore` leaves out what is for IPv6,
 * and `ip6tables-restore` what is for IPv4.
 */
function printWay({ family, words }: Way): string {
  return [family === undefined ? "" : OPTION[family], ...words]
    .filter((word) => word !== "")
    .join(" ");
}

/** What a rule does that asks for something has to be in the line that asks. */
function asked({ when, then, to, note: _, ...rest }: Rule, names: Names): Way[] {
  const spent = when.flatMap((match) => (match.kind === "spend" ? [match.of.name] : []));
  const found = when.flatMap((match) => (match.kind === "member" ? [match.of.name] : []));
  const renewal = then.find(
    (action) => action.kind === "remember" && found.includes(action.in.name),
  );
  const done = then.flatMap((action) =>
    // Whoever spends a membership is in the list no more.
    action === renewal || (action.kind === "forget" && spent.includes(action.in.name))
      ? []
      : [inLine(action)],
  );
  const renewed = renewal?.kind === "remember" ? listFor(renewal.in, renewal.seconds) : undefined;
  return waysOf({ when, then, to, ...rest }, names.lists, renewed).map(({ family, words }) => ({
    family,
    words: [...words, ...done, target(to, names)],
  }));
}

/** Only what never fails: the rest of a line depends on it. */
function inLine(action: Action): string {
  if (action.kind === "remember") return recent("--set", listFor(action.in, action.seconds));
  throw new Error(`inLine: ${action.kind} cannot stand in a line that asks`);
}

/** Everything that a rule does which every packet meets, a line each. */
function unasked(rule: Rule, names: Names): Way[] {
  const family = familyOf(rule);
  const last = rule.then.at(-1);
  // A line that counts may as well decide.
  const ends = last?.kind === "count" ? [] : [...endOf(target(rule.to, names))];
  const lines = rule.then.flatMap((action) => linesOf(action, rule, names));
  return [...lines, ...ends].map((words) => ({ family, words }));
}

function endOf(verdict: string): string[][] {
  return verdict === "" ? [] : [[verdict]];
}

function linesOf(action: Action, { to, then }: Rule, names: Names): string[][] {
  switch (action.kind) {
    case "remember": {
      const list = listFor(action.in, action.seconds);
      const isForgotten = then.some(
        (other) => other.kind === "forget" && other.in.name === action.in.name,
      );
      const others = isForgotten
        ? []
        : names.lists(action.in).filter(({ name }) => name !== list.name);
      return [...others.map(forget), [recent("--set", list)]];
    }
    case "forget":
      return names.lists(action.in).map(forget);
    case "strike":
      return strike(action);
    case "count": {
      const before = names.counted(action.in.name);
      const verdict = then.at(-1) === action ? target(to, names) : "";
      const counts = [`-m comment --comment "${COUNTS}${action.in.name}"`, verdict];
      // What both families have counted before goes on in the line of one.
      return before === 0
        ? [counts]
        : [
            ["-4", ...counts, `-c ${before} 0`],
            ["-6", ...counts],
          ];
    }
    case "log": {
      const prefix = `postern: ${action.line} door=${names.logged(action.door)} `;
      return [
        [
          `-m hashlimit --hashlimit-name postern-${action.line} ${LOG_RATE}`,
          `-j LOG --log-level info --log-prefix "${prefix}"`,
        ],
      ];
    }
    case "hand-over":
      throw new Error("linesOf: iptables has no sets that could tell a signed knock");
  }
}

/** Lines a second of one kind in the kernel log, and how many at once before that counts. */
const LOG_RATE = "--hashlimit-upto 5/second --hashlimit-burst 20";

function forget(list: List): string[] {
  return [recent("--remove", list)];
}

/**
 * The time in which strikes are counted begins with the first of them. After the RETURN there are
 * only rules for packets of the other family.
 */
function strike(action: Extract<Action, { kind: "strike" }>): string[][] {
  const window = windowFor(action);
  const struck = listFor(action.in, action.seconds);
  return [
    [notIn(window), recent("--remove", struck)],
    [notIn(window), recent("--set", window)],
    [recent("--set", struck)],
    [recent(`! --rcheck --hitcount ${action.after}`, struck), "-j RETURN"],
    [recent("--remove", window)],
  ];
}

function target(verdict: Verdict, { chain }: Names): string {
  switch (verdict.kind) {
    case "next":
      return "";
    case "return":
      return "-j RETURN";
    case "drop":
      return "-j DROP";
    case "jump":
      return `-j ${chain(verdict.chain)}`;
    case "goto":
      return `-g ${chain(verdict.chain)}`;
    case "pass":
    case "reset":
      throw new Error(`target: iptables cannot say ${verdict.kind} in the raw table`);
  }
}
