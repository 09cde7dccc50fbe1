/**
 * A shape is one thing that a policy may hold: how to read it and how to describe it, in one
 * value, so that the parser, the JSON Schema and the reference cannot drift apart.
 */
import type { Place, Problem } from "../../problem/problem.ts";
import { isNothing, type Tree } from "../text/tree.ts";
import { problemAt } from "../value/written.ts";

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

export interface Shape<T> {
  /** What to write, as the end of a sentence: "true or false". */
  readonly wanted: string;
  /** JSON Schema, draft 2020-12. It never refuses what {@link Shape.read} accepts. */
  readonly schema: { readonly [key: string]: Json };
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

/** Reports that something else than `wanted` stands there. */
export function reportMismatch(tree: Tree, wanted: string, problems: Problem[]): undefined {
  if (tree.kind === "broken") problems.push(tree.problem);
  else if (isNothing(tree))
    problems.push(problemAt(tree.place, "no-value", "nothing is written here", `write ${wanted}`));
  else
    problems.push(
      problemAt(tree.place, "wrong-kind", `${nameOf(tree)} cannot stand here`, `write ${wanted}`),
    );
  return undefined;
}

function nameOf(tree: Tree): string {
  if (tree.kind === "list") return "a list";
  return tree.kind === "mapping" ? "a mapping of keys to values" : "a single value";
}
