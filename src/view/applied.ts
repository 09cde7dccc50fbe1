/** What `postern apply` has loaded, and whether that awaits a confirmation. */
import type { Door } from "../policy/policy.ts";
import { renderDoor } from "./doors.ts";

export interface AppliedView {
  readonly backend: string;
  /** The backend, and why not another: `iptables, because there is no nft command`. */
  readonly heldBy: string;
  readonly doors: readonly Door[];
  /** Whether the rules differ from those of the previous gate. */
  readonly changed: boolean;
  /** Until the previous gate is restored; null: the gate is loaded for good. */
  readonly secondsLeft: number | null;
  readonly overSsh: boolean;
}

/** The last line of the result, which scripts test, is this or begins with `awaiting confirmation`. */
export const FOR_GOOD = "confirmed: loaded for good";

/** The result, and what to do next. */
export function renderApplied(view: AppliedView): {
  readonly result: string;
  readonly advice: string;
} {
  const { heldBy, doors, changed, secondsLeft, overSsh } = view;
  const result = [
    `the gate is up on ${heldBy}${changed ? "" : ", the same as before"}`,
    ...doors.map(renderDoor),
    secondsLeft === null ? FOR_GOOD : awaiting(secondsLeft),
  ];
  const advice = [
    ...(secondsLeft === null ? [] : [KEEP_SESSION]),
    ...(overSsh || secondsLeft !== null ? ["prove it from outside: postern probe HOST"] : []),
  ];
  return { result: lines(result), advice: lines(advice) };
}

function awaiting(secondsLeft: number): string {
  return `awaiting confirmation (${secondsLeft} s left): run "postern confirm" over a new connection`;
}

const KEEP_SESSION =
  "otherwise the previous gate is restored; keep this session, knock, and log in again for that";

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}

/** Stable for scripts. */
export function printApplied({ backend, doors, changed, secondsLeft }: AppliedView): string {
  const facts = {
    state: secondsLeft === null ? "confirmed" : "awaiting confirmation",
    secondsLeft,
    changed,
    backend,
    doors: doors.map(({ name }) => name),
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}
