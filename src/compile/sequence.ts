/** The chains that follow a door's sequence (design 3.6): one set and one chain a stage. */
import type { AutomaticBan, Door, Sequence, Step } from "../policy/policy.ts";
import type { Action, Chain, Counter, Rule, TimedSet } from "../program/program.ts";
import { destinationsOf, exemptLoopback } from "./doorway.ts";
import { grant, type OpeningParts, openedChain, openedName } from "./opening.ts";
import {
  chain,
  doing,
  forEachFamily,
  forget,
  goto,
  member,
  packetsOf,
  RETURN,
  remember,
  rule,
} from "./rules.ts";
import { type DoorSets, type GateSets, nameStep, type Pair } from "./sets.ts";

export interface SequenceParts extends OpeningParts {
  readonly sequence: Sequence;
  readonly shared: GateSets;
  readonly wrong: Counter;
  readonly banned: Counter;
}

/** @param ignored rules for what is no knock, though its port is one of a knock. */
export function compileSequence(parts: SequenceParts, ignored: readonly Rule[]): Chain[] {
  const { policy, door, sequence } = parts;
  const { name } = door;
  const stages = sequence.steps.slice(1).map((_, index) => index + 1);
  return [
    ...knockChains(name, sequence),
    chain(
      `attempt_${name}`,
      `${name}: a watched port or a step. Is it for an address of this door?`,
      ...exemptLoopback(policy),
      ...ignored,
      ...destinationsOf(door).map((at) => rule(at, goto(`stages_${name}`))),
    ),
    stagesChain(parts),
    ...stages.map((stage) => stageChain(parts, stage)),
    ...stages.map((stage) => madeChain(parts, stage)),
    openChain(parts),
    openedChain(parts),
    ...(stages.length === 0 ? [] : [wrongChain(parts)]),
    ...(stages.length === 0 || policy.ban === undefined ? [] : [bannedChain(parts)]),
  ];
}

/** Steps on ports outside the watch range. */
export function outlyingSteps({ steps, watch }: Sequence): Step[] {
  return steps.filter(
    (step) =>
      step.kind === "port" &&
      (watch === undefined || step.port < watch.first || step.port > watch.last),
  );
}

function knockChains(name: string, sequence: Sequence): Chain[] {
  if (sequence.watch === undefined) return [];
  const outlying = outlyingSteps(sequence);
  const steps = chain(
    `steps_${name}`,
    `${name}: steps outside the watched ports.`,
    ...outlying.flatMap(packetsOf).map((packet) => rule(packet, goto(`knock_${name}`))),
  );
  const knock = chain(
    `knock_${name}`,
    `${name}: of TCP only new connections knock.`,
    rule([{ kind: "new-connection", is: true }], goto(`attempt_${name}`)),
    rule([{ kind: "protocol", is: "udp" }], goto(`attempt_${name}`)),
  );
  return outlying.length === 0 ? [knock] : [steps, knock];
}

/** Highest stage first: while a packet moves a source up, it is in two sets for an instant. */
function stagesChain({ door, sequence, own }: SequenceParts): Chain {
  return chain(
    `stages_${door.name}`,
    `${door.name}: at which stage is the source?`,
    ...own.stages
      .map((stage, index) =>
        forEachFamily((of) => rule([member(of(stage))], goto(`at_${door.name}_${index + 1}`))),
      )
      .reverse()
      .flat(),
    ...stepTo(door, sequence, 0),
  );
}

function stageChain({ door, sequence, own }: SequenceParts, stage: number): Chain {
  const { name } = door;
  const here = stageSet(own, stage);
  const next = stepAt(sequence, stage);
  const done = sequence.steps
    .slice(0, stage)
    .filter((step) => nameStep(step) !== nameStep(next))
    .filter(isFirstOfItsKind);
  return chain(
    `at_${name}_${stage}`,
    `${name}: after ${stage} of ${sequence.steps.length} steps; the next is ${nameStep(next)}.`,
    ...stepTo(door, sequence, stage),
    ...done.flatMap(packetsOf).map((packet) => rule(packet, RETURN, "a repeated step")),
    ...forEachFamily((of) => doing([], [forget(of(here))])),
    rule([], goto(`wrong_${name}`)),
  );
}

/** From `stage`, the packets that make the next step. */
function stepTo(door: Door, sequence: Sequence, stage: number): Rule[] {
  const last = stage + 1 === sequence.steps.length;
  const to = goto(last ? `open_${door.name}` : `made_${door.name}_${stage + 1}`);
  return packetsOf(stepAt(sequence, stage)).map((packet) => rule(packet, to));
}

function madeChain({ door, sequence, own }: SequenceParts, stage: number): Chain {
  const here = stageSet(own, stage);
  return chain(
    `made_${door.name}_${stage}`,
    `${door.name}: step ${stage} is made.`,
    ...forEachFamily((of) =>
      doing([], [remember(of(here), sequence.withinSeconds, true), ...leave(own, stage - 1, of)]),
    ),
  );
}

function openChain(parts: SequenceParts): Chain {
  const { door, sequence, own } = parts;
  return chain(
    `open_${door.name}`,
    `${door.name}: the last step is made. The source gets a grant.`,
    ...forEachFamily((of) =>
      doing(
        [],
        [...grant(parts, of), ...leave(own, sequence.steps.length - 1, of)],
        goto(openedName(door)),
      ),
    ),
  );
}

function wrongChain({ policy, door, shared, wrong }: SequenceParts): Chain {
  const { ban } = policy;
  const { name } = door;
  return chain(
    `wrong_${name}`,
    `${name}: not a step of the attempt, which starts over.`,
    ...(policy.log ? [doing([], [{ kind: "log", line: "wrong", door: name }])] : []),
    doing([], [{ kind: "count", in: wrong }]),
    ...(ban === undefined
      ? []
      : forEachFamily((of) => doing([], strike(ban, shared, of), goto(`banned_${name}`)))),
  );
}

function strike(ban: AutomaticBan, shared: GateSets, of: (pair: Pair) => TimedSet): Action[] {
  const wrong = of(shared.wrong);
  const ending = [remember(of(shared.autoBanned), ban.forSeconds, true)];
  if (ban.after === 1) return ending;
  return [
    { kind: "strike", in: wrong, seconds: ban.withinSeconds, after: ban.after },
    forget(wrong),
    ...ending,
  ];
}

function bannedChain({ policy, door, banned }: SequenceParts): Chain {
  return chain(
    `banned_${door.name}`,
    `${door.name}: count and log an automatic ban.`,
    ...(policy.log ? [doing([], [{ kind: "log", line: "banned", door: door.name }])] : []),
    doing([], [{ kind: "count", in: banned }]),
  );
}

/** Out of the stage that is left behind; after the first step there is none. */
function leave(own: DoorSets, stage: number, of: (pair: Pair) => TimedSet): Action[] {
  return stage === 0 ? [] : [forget(of(stageSet(own, stage)))];
}

function stageSet(own: DoorSets, stage: number): Pair {
  const pair = own.stages[stage - 1];
  if (pair === undefined) throw new Error(`stageSet: there is no stage ${stage}`);
  return pair;
}

/** The step that leads on from `stage`. */
function stepAt({ steps }: Sequence, stage: number): Step {
  const step = steps[stage];
  if (step === undefined) throw new Error(`stepAt: no step leads on from stage ${stage}`);
  return step;
}

function isFirstOfItsKind(step: Step, index: number, steps: readonly Step[]): boolean {
  return steps.findIndex((other) => nameStep(other) === nameStep(step)) === index;
}
