/** Draws steps until no scanner could make anything of them. */
import { type Chance, drawSequence } from "../../check/fresh.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../../policy/parse.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { renderNewPolicy } from "../../view/new-policy.ts";
import type { Choices } from "./choices.ts";
import type { Facts } from "./facts.ts";

export interface Draft {
  readonly text: string;
  readonly placed: PlacedPolicy;
  /** What remains where every draw had some: with other choices there would be none. */
  readonly problems: readonly Problem[];
}

/** What is needed besides the choices: the file's name, chance, and somebody to judge. */
export interface Draftsman {
  readonly file: string;
  readonly chance: Chance;
  readonly check: (placed: PlacedPolicy) => readonly Problem[];
}

/** Of a hundred sequences with room to draw from, hardly one is weak. */
const MOST_DRAWS = 20;

export function draftPolicy(choices: Choices, facts: Facts, by: Draftsman): Result<Draft> {
  let best: Draft | undefined;
  for (let draws = 0; draws < MOST_DRAWS; draws += 1) {
    const draft = draw(choices, facts, by);
    if (draft === undefined) return fail(NO_PORTS);
    if (best === undefined || draft.problems.length < best.problems.length) best = draft;
    if (best.problems.length === 0) break;
  }
  if (best === undefined) throw new Error("draftPolicy: nothing was drawn");
  return ok(best);
}

function draw(choices: Choices, facts: Facts, by: Draftsman): Draft | undefined {
  const { offer, steps, ...rest } = choices;
  const occupied = { ephemeral: facts.ephemeral, taken: takenPorts(choices, facts) };
  const sequence = drawSequence(steps, occupied, by.chance);
  if (sequence === undefined) return undefined;
  const text = renderNewPolicy({ ...offer, ...rest, sequence });
  const placed = parsePlacedPolicy(text, by.file);
  if (!placed.ok) {
    throw new Error(`draw: not a policy: ${placed.problems.map(({ what }) => what).join("; ")}`);
  }
  return { text, placed: placed.value, problems: by.check(placed.value) };
}

/** Whatever the protocol: a port of many services is one of both. */
function takenPorts({ offer }: Choices, { listeners }: Facts): ReadonlySet<number> {
  const taken = new Set(listeners.map(({ port }) => port));
  const { first, last } = offer.service.ports;
  for (let port: number = first; port <= last; port += 1) taken.add(port);
  return taken;
}

const NO_PORTS: Problem = {
  code: "no-ports",
  severity: "error",
  what: "this service leaves no ports over that could be steps",
  fix: "name fewer ports to protect",
};
