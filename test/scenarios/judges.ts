/** Judges of a story that need no kernel: the model, and the interpreter of the compiled program. */
import { compilePolicy, type Memory } from "../../src/compile/index.ts";
import { type Past, passes, pastOf, type Story } from "../../src/model/index.ts";
import type { Event } from "../../src/model/story.ts";
import { doorOf } from "../../src/model/traffic.ts";
import { printCarrier } from "../../src/policy/carriers.ts";
import type { Policy } from "../../src/policy/policy.ts";
import {
  emptyState,
  forget,
  hexOf,
  type Outcome,
  type Program,
  type Role,
  remember,
  runAnswer,
  runPacket,
  type State,
  sourceKey,
  type TimedSet,
} from "../../src/program/index.ts";
import { limitsOf } from "./limits.ts";
import { STORY_TAG } from "./signed.ts";

/** What became of each packet of a story; undefined for events that are none. */
export type Outcomes = readonly (Outcome | undefined)[];

/** @param memory of the gate: with "sources" the limits of such a gate are taken into account. */
export function judgeByModel(
  policy: Policy,
  story: Story,
  memory: Memory = "connections",
): Outcomes {
  const past = pastOf(policy, story);
  const limits = memory === "sources" ? limitsOf(policy, story) : [];
  return story.map((event, n) =>
    event.kind === "packet" ? (limits[n]?.outcome ?? outcomeOf(past, n, event)) : undefined,
  );
}

function outcomeOf(past: Past, n: number, event: Extract<Event, { kind: "packet" }>): Outcome {
  if (passes(past, n)) return "pass";
  const door = doorOf(past.policy, event.packet);
  if (door === undefined) throw new Error("outcomeOf: refused at no door");
  return door.refuse;
}

export function judgeByInterpreter(
  policy: Policy,
  story: Story,
  memory: Memory = "connections",
): Outcomes {
  return play(programOf(policy, memory), story, beginning());
}

/** What the gate knows when the story has ended. */
export function stateAfter(policy: Policy, story: Story, memory: Memory = "connections"): State {
  const state = beginning();
  play(programOf(policy, memory), story, state);
  return state;
}

const programs: Readonly<Record<Memory, WeakMap<Policy, Program>>> = {
  connections: new WeakMap(),
  sources: new WeakMap(),
};

/** Compiled once for all the stories of a policy: that takes longer than to judge one. */
function programOf(policy: Policy, memory: Memory): Program {
  const known = programs[memory].get(policy);
  if (known !== undefined) return known;
  const program = compilePolicy(policy, {}, memory);
  programs[memory].set(policy, program);
  return program;
}

/** Before a story: nobody is known, and the agent has said how signed knocks begin. */
function beginning(): State {
  const state = emptyState();
  state.members.set("signed_tags", new Map([[hexOf(STORY_TAG), LASTING]]));
  return state;
}

const LASTING = { endsAt: Number.POSITIVE_INFINITY, unspent: true, strikes: 0 };

function play(program: Program, story: Story, state: State): Outcomes {
  return story.map((event) => {
    if (event.kind === "packet") return runPacket(program, state, event.packet, event.at).outcome;
    if (event.kind === "answer") runAnswer(program, state, event.packet, event.at);
    else command(program, state, event);
    return undefined;
  });
}

type Load = Extract<Event, { readonly kind: "load" }>;
type Command = Exclude<Event, Load | { readonly kind: "packet" | "answer" }>;

/** What an administrator's command does to the sets of a gate. */
function command(program: Program, state: State, event: Command | Load): void {
  if (event.kind === "load") {
    const ends = event.at + event.forSeconds;
    remember(state, setOfTokens(program, event), hexOf(event.token), ends);
    return;
  }
  for (const set of setsTouchedBy(program, event)) {
    const key = event.source === undefined ? undefined : keyIn(set, event.source);
    if (set.role.kind === "begun") {
      forget(state, set, key);
    } else if (event.kind === "open" && key !== undefined) {
      remember(state, set, key, event.at + event.forSeconds);
    } else if (event.kind === "ban" && key !== undefined) {
      remember(state, set, key, event.at + (event.forSeconds ?? Number.POSITIVE_INFINITY));
    } else {
      forget(state, set, key);
    }
  }
}

/** Where tokens for a door and carrier are put. */
export function setOfTokens(
  { sets }: Program,
  { door, carrier }: Pick<Load, "door" | "carrier">,
): TimedSet {
  const found = sets.find(
    ({ role }) =>
      role.kind === "tokens" && role.door === door && role.carrier === printCarrier(carrier),
  );
  if (found === undefined) throw new Error(`setOfTokens: ${door} has no such carrier`);
  return found;
}

function setsTouchedBy(program: Program, event: Command): TimedSet[] {
  const kinds: Record<typeof event.kind, readonly Role["kind"][]> = {
    open: ["grants"],
    close: ["grants", "begun"],
    ban: ["banned", "begun"],
    unban: ["banned", "auto-banned", "wrong"],
  };
  return program.sets.filter(
    ({ role, family }) =>
      kinds[event.kind].includes(role.kind) &&
      (event.source === undefined || event.source.family === family) &&
      (!("door" in event) || !("door" in role) || event.door === role.door),
  );
}

function keyIn({ key }: TimedSet, source: Parameters<typeof sourceKey>[0]): string {
  if (key.kind !== "source") throw new Error("keyIn: not a set of sources");
  return sourceKey(source, key.prefixLength);
}
