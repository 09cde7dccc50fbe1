/**
 * A shape is one thing that a policy may hold: how to read it and how to describe it, in one
 * value, so that the parser, the JSON Schema and the reference cannot drift apart.
 */
import type { Place, Problem } from "../../problem/problem.ts";
import { isNothing, type Tree } from "../text/tree.ts";
import { problemAt } from "../value/written.ts";

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

export interface Shape<T> {
  /** What to write, as the end of a sentence: "true or false". */
  readonly wanted: string;
  /** JSON Schema, draft 2020-12. It never refuses what {@link Shape.read} accepts. */
  readonly schema: JsonObject;
  /**
   * The value, or undefined when there is none. A list comes without the items that could
   * not be read. Nothing is lost in silence: `problems` grows by all that is wrong.
   */
  read(tree: Tree, problems: Problem[]): T | undefined;
}

/** A value and where it was written. */
export interface Located<T> {
  readonly value: T;
  readonly place: Place;
}

const KINDS = {
  scalar: "a single value",
  list: "a list",
  mapping: "keys with values",
} as const;

/** The problem of a tree that is of another kind than `expected`, or is nothing. */
export function mismatch(tree: Tree, expected: keyof typeof KINDS, fix: string): Problem {
  if (tree.kind === "broken") return tree.problem;
  if (isNothing(tree)) return problemAt(tree.place, "no-value", "nothing is written here", fix);
  const what = `this is ${KINDS[tree.kind]}, and not ${KINDS[expected]}`;
  return problemAt(tree.place, "wrong-kind", what, fix);
}
