/** Draws steps until nobody has anything to say against them. */
import { type Chance, drawSequence } from "../../check/fresh.ts";
import type { CheckCode } from "../../check/index.ts";
import type { HostCode } from "../../gate/check/codes.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../../policy/parse.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { renderNewPolicy } from "../../view/new-policy.ts";
import type { Choices } from "./choices.ts";
import type { Facts } from "./facts.ts";

export interface Draft {
  readonly text: string;
  readonly placed: PlacedPolicy;
  /** What remains to be said of the choices, and of the steps where no others can be had here. */
  readonly problems: readonly Problem[];
}

/** What is needed besides the choices: the file's name, chance, and somebody to judge. */
export interface Draftsman {
  readonly file: string;
  readonly chance: Chance;
  readonly check: (placed: PlacedPolicy) => Promise<readonly Problem[]>;
}

/** Hardly one in a thousand is weak; where none is good enough, this host has no better. */
const MOST_DRAWS = 10;

export async function draftPolicy(
  choices: Choices,
  facts: Facts,
  by: Draftsman,
): Promise<Result<Draft>> {
  let best: Draft | undefined;
  for (let draws = 0; draws < MOST_DRAWS; draws += 1) {
    const draft = await draw(choices, facts, by);
    if (draft === undefined) return fail(NO_PORTS);
    if (best === undefined || faultsOf(draft) < faultsOf(best)) best = draft;
    if (faultsOf(best) === 0) break;
  }
  if (best === undefined) throw new Error("draftPolicy: nothing was drawn");
  const errors = best.problems.filter(({ severity }) => severity === "error");
  return errors.length === 0 ? ok(best) : { ok: false, problems: errors };
}

/** How much there is to say that other steps could mend. */
function faultsOf({ problems }: Draft): number {
  return problems.filter(({ code }) => OF_STEPS.has(code)).length;
}

const OF_STEPS: ReadonlySet<string> = new Set<CheckCode | HostCode>([
  "opened-by-scan",
  "predictable-steps",
  "easily-guessed",
  "watch-over-ephemeral",
  "watch-over-service",
]);

/** That those who are connected will have to knock is what the door is for. */
const MEANT: ReadonlySet<string> = new Set<HostCode>(["you-must-knock", "others-must-knock"]);

async function draw(choices: Choices, facts: Facts, by: Draftsman): Promise<Draft | undefined> {
  const { offer, steps, ...rest } = choices;
  const occupied = { ephemeral: facts.ephemeral, taken: takenPorts(choices, facts) };
  const sequence = drawSequence(steps, occupied, by.chance);
  if (sequence === undefined) return undefined;
  const text = renderNewPolicy({ ...offer, ...rest, sequence });
  const placed = parsePlacedPolicy(text, by.file);
  if (!placed.ok) {
    throw new Error(`draw: not a policy: ${placed.problems.map(({ what }) => what).join("; ")}`);
  }
  const problems = await by.check(placed.value);
  return { text, placed: placed.value, problems: problems.filter(({ code }) => !MEANT.has(code)) };
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
