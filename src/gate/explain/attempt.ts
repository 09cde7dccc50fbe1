/** How far a source has come with a door's sequence, and what the rest of the knock would do. */
import type { Address } from "../../policy/address.ts";
import type { Door } from "../../policy/policy.ts";
import { printPortRange } from "../../policy/value/port.ts";
import { printStep } from "../../policy/value/step.ts";
import { type LiveGate, stateOf } from "../live-policy.ts";
import { timedIn } from "./members.ts";
import { contentOf, contentTo, judge, packetTo, type WhyNotGated } from "./visit.ts";

export interface Attempt {
  readonly made: number;
  /** For the next step; null where none is made. */
  readonly secondsLeft: number | null;
  readonly withinSeconds: number;
  /** As the policy writes them; all of them, for they are asked for. */
  readonly steps: readonly string[];
  /** What starts the attempt over, unless it is a step that is made: `51000-55000`. */
  readonly watch: string | null;
  /** What the steps that are left would do, one after the other, if they came now. */
  readonly wouldEnd: WouldEnd;
}

export type WouldEnd =
  | "opens"
  /** The set of the sources at this stage, or of those with a grant, is full. */
  | "full"
  | "banned"
  /** Packets of this source do not come to the door. */
  | "not-gated";

/** Null where the door has no sequence. */
export function explainAttempt(
  gate: LiveGate,
  door: Door,
  source: Address,
  notGated: WhyNotGated | undefined,
): Attempt | null {
  const { sequence } = door;
  if (sequence === undefined) return null;
  const [highest] = timedIn(
    gate.listing,
    source,
    (role) => role.kind === "stage" && role.door === door.name,
  ).toSorted((a, b) => stageOf(b) - stageOf(a));
  const made = highest === undefined ? 0 : stageOf(highest);
  return {
    made,
    secondsLeft: highest?.secondsLeft ?? null,
    withinSeconds: sequence.withinSeconds,
    steps: sequence.steps.map(printStep),
    watch: sequence.watch === undefined ? null : printPortRange(sequence.watch),
    wouldEnd: notGated === undefined ? playRest(gate, door, source, made) : "not-gated",
  };
}

function stageOf({ role }: ReturnType<typeof timedIn>[number]): number {
  return role.kind === "stage" ? role.stage : 0;
}

function playRest(gate: LiveGate, door: Door, source: Address, made: number): WouldEnd {
  const state = stateOf(gate.program, gate.listing);
  const play = (content: ReturnType<typeof contentOf>) =>
    judge(gate, state, packetTo(gate.placed.policy, door, source, content)).filter(
      (each) => "door" in each && each.door === door.name,
    );
  for (const step of door.sequence?.steps.slice(made) ?? []) {
    const kinds = play(contentOf(step)).map(({ kind }) => kind);
    if (kinds.includes("no-room")) return "full";
    if (!kinds.includes("step") && !kinds.includes("open")) return "not-gated";
  }
  const [service] = door.protects;
  const visit = service === undefined ? [] : play(contentTo(service.protocol, service.ports.first));
  return visit.some(({ kind }) => kind === "refused") ? "banned" : "opens";
}
