/** Questions about a program as data, asked by more than one test. */
import type {
  Action,
  Chain,
  Counter,
  Match,
  Program,
  Rule,
  TimedSet,
} from "../../src/program/index.ts";

export function chainNamed({ chains }: Program, name: string): Chain {
  const chain = chains.find((each) => each.name === name);
  if (chain === undefined) throw new Error(`chainNamed: no chain is called ${name}`);
  return chain;
}

export function rulesOf({ chains }: Program): Rule[] {
  return chains.flatMap(({ rules }) => rules);
}

/** The chain that a rule leads to. */
export function targetOf({ to }: Rule): string | undefined {
  return to.kind === "goto" || to.kind === "jump" ? to.chain : undefined;
}

/** The set that a match looks something up in. */
export function setAskedBy(match: Match): TimedSet | undefined {
  return match.kind === "member" || match.kind === "spend" ? match.of : undefined;
}

export function setsNamedBy({ when, then }: Rule): TimedSet[] {
  return [...when.map(setAskedBy), ...then.map(setChangedBy)].filter((set) => set !== undefined);
}

function setChangedBy(action: Action): TimedSet | undefined {
  switch (action.kind) {
    case "remember":
    case "forget":
    case "strike":
      return action.in;
    case "count":
    case "log":
    case "hand-over":
      return undefined;
  }
}

export function countersNamedBy({ then }: Rule): Counter[] {
  return then.flatMap((action) => (action.kind === "count" ? [action.in] : []));
}
