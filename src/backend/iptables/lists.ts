/**
 * The lists of xt_recent that hold the sets of a program. The kernel notes when a source came
 * into a list and not for how long: that is said by the rule that looks. So a set has a list for
 * each time that a membership may last, and a source is in one of them.
 */
import type { Action, Program, TimedSet } from "../../program/program.ts";
import { listName } from "./names.ts";

export interface List {
  readonly name: string;
  readonly set: TimedSet;
  /** How long a source is held; undefined: until it is taken out. */
  readonly seconds: number | undefined;
  /** It holds the beginnings of the times in which strikes are counted, and no members. */
  readonly isWindow: boolean;
}

/** A list of which somebody may still be a member, though the program fills it no more. */
export type Lasting = Pick<List, "name" | "seconds">;

/** `postern open` lets in for so long when nobody says for how long. */
export const BY_HAND_SECONDS = 3600;

/** @param lasting left out where they are of no set of the program. */
export function listsOf(program: Program, lasting: readonly Lasting[] = []): List[] {
  return [...listsBySet(program, lasting).values()].flat();
}

/** The same by the names of the sets: a gate of 200 doors has thousands of lists. */
export function listsBySet(
  program: Program,
  lasting: readonly Lasting[] = [],
): ReadonlyMap<string, readonly List[]> {
  const fills = new Map(program.sets.map(({ name }): [string, Action[]] => [name, []]));
  for (const { rules } of program.chains) {
    for (const action of rules.flatMap(({ then }) => then)) {
      if ("in" in action) fills.get(action.in.name)?.push(action);
    }
  }
  return new Map(
    program.sets.map((set) => [set.name, listsFor(set, fills.get(set.name) ?? [], lasting)]),
  );
}

/** @param actions all of those that change the set. */
function listsFor(set: TimedSet, actions: readonly Action[], lasting: readonly Lasting[]): List[] {
  const more = lasting.filter(({ name, seconds }) => listFor(set, seconds).name === name);
  const times = [...actions.flatMap(secondsOf), ...timesByHand(set), ...more.map((l) => l.seconds)];
  return [
    ...[...new Set(times)].map((seconds) => listFor(set, seconds)),
    ...actions
      .flatMap((action) => (action.kind === "strike" ? [windowFor(action)] : []))
      .slice(0, 1),
  ];
}

function secondsOf(action: Action): number[] {
  return "seconds" in action ? [action.seconds] : [];
}

function timesByHand({ role }: TimedSet): (number | undefined)[] {
  if (role.kind === "grants") return [BY_HAND_SECONDS];
  return role.kind === "banned" ? [undefined] : [];
}

/** For how long a list is, in a word. */
export function printTime({ seconds, isWindow }: Omit<List, "name" | "set">): string {
  if (isWindow) return "window";
  return seconds === undefined ? "always" : `${seconds}s`;
}

/** The list of a set that holds members for so long; no other has its name. */
export function listFor(set: TimedSet, seconds: number | undefined): List {
  const time = { seconds, isWindow: false };
  return { name: listName(set, printTime(time)), set, ...time };
}

/** Where the time is noted in which strikes are counted. */
export function windowFor({ in: set, seconds }: Extract<Action, { kind: "strike" }>): List {
  const time = { seconds, isWindow: true };
  return { name: listName(set, printTime(time)), set, ...time };
}
