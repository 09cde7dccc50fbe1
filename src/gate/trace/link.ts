/**
 * The way of a packet through the rules, link by link: the kernel tells it in a trace, and the
 * interpreter of what would happen. Both are put into words by the same reader.
 */
import type { Met, Role, Rule, TimedSet, Verdict } from "../../program/index.ts";

/** One rule that a packet met. */
export interface Link {
  readonly chain: string;
  readonly verdict: "continue" | "accept" | "drop" | "return" | "jump" | "goto";
  /** The chain that a jump or goto leads to; otherwise empty. */
  readonly target: string;
  /** What the rule says, as far as that matters; undefined when the kernel did not tell. */
  readonly says: Saying | undefined;
}

export interface Saying {
  /** What it stands for to be in the first set that the rule names; undefined: it names none. */
  readonly of: Role["kind"] | undefined;
  /** How long the last thing lasts that the rule remembers. */
  readonly seconds: number | undefined;
  /** Whether it takes something out of a set. */
  readonly forgets: boolean;
  /** Whether it answers as a port does on which nothing listens. */
  readonly answers: boolean;
}

/** The way of a packet that the interpreter has judged. */
export function linksOf(met: readonly Met[]): Link[] {
  return met.map(({ chain, rule }) => ({
    chain,
    verdict: VERDICTS[rule.to.kind],
    target: "chain" in rule.to ? rule.to.chain : "",
    says: sayingOf(rule),
  }));
}

const VERDICTS: Readonly<Record<Verdict["kind"], Link["verdict"]>> = {
  pass: "accept",
  drop: "drop",
  reset: "drop",
  return: "return",
  jump: "jump",
  goto: "goto",
  next: "continue",
};

function sayingOf({ when, then, to }: Rule): Saying {
  const asked = when.flatMap((match): TimedSet[] =>
    match.kind === "member" || match.kind === "spend" ? [match.of] : [],
  );
  const changed = then.flatMap((action): TimedSet[] =>
    "in" in action && action.kind !== "count" ? [action.in] : [],
  );
  const lasting = then.findLast((action) => action.kind === "remember");
  return {
    of: [...asked, ...changed][0]?.role.kind,
    seconds: lasting?.seconds,
    forgets: then.some(({ kind }) => kind === "forget"),
    answers: to.kind === "reset",
  };
}
