/**
 * YAML as this program sees it: texts, lists and mappings with their places, and nothing
 * decided yet about what a text means. The YAML library stays behind `yaml.ts`.
 */
import type { Place, Problem } from "../../problem/problem.ts";

export type Tree = Scalar | List | Mapping | Broken;

export interface Scalar {
  readonly kind: "scalar";
  /** As written, without quotes and with their escapes resolved. */
  readonly text: string;
  /** Whether it stands in quotes, or is a block scalar: YAML takes such a thing for text only. */
  readonly quoted: boolean;
  readonly place: Place;
}

export interface List {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly place: Place;
}

export interface Mapping {
  readonly kind: "mapping";
  /** In the order of the file; a key that is there twice is so here too (and was reported). */
  readonly entries: readonly Entry[];
  readonly place: Place;
}

export interface Entry {
  readonly key: Scalar;
  /** An empty scalar where nothing is written, placed at the key. */
  readonly value: Tree;
}

/** Something that cannot be read; whoever wants to read it reports the problem. */
export interface Broken {
  readonly kind: "broken";
  readonly problem: Problem;
  readonly place: Place;
}

/** Whether it is a text of no characters, without quotes. */
export function isEmpty(tree: Tree): boolean {
  return tree.kind === "scalar" && !tree.quoted && tree.text === "";
}

/** Whether nothing is written there, or one of the words that YAML takes for nothing. */
export function isNothing(tree: Tree): boolean {
  return tree.kind === "scalar" && !tree.quoted && /^(|~|null|Null|NULL)$/.test(tree.text);
}
