/** Shapes of lists. */
import type { Problem } from "../../problem/problem.ts";
import type { Tree } from "../text/tree.ts";
import { problemAt, quoted } from "../value/written.ts";
import { type Located, mismatch, type Shape } from "./shape.ts";

interface ListWords<T> {
  /** What the list holds, in the plural. */
  readonly of: string;
  readonly most?: number;
  /** The item in its usual notation, where an item may not be there twice. */
  readonly print?: (item: T) => string;
  /** What is wrong with the items together. */
  readonly check?: (items: readonly Located<T>[]) => readonly Problem[];
}

/** A list of one item or more. */
export function listOf<T>(item: Shape<T>, words: ListWords<T>): Shape<readonly Located<T>[]> {
  const { of, most, print, check } = words;
  const wanted = `a list of ${most === undefined ? "" : `1 to ${most} `}${of}`;
  const limits = { minItems: 1, ...(most === undefined ? {} : { maxItems: most }) };
  return {
    wanted,
    schema: { type: "array", items: item.schema, ...limits },
    read(tree, problems) {
      if (tree.kind !== "list") {
        problems.push(mismatch(tree, "list", listFix(tree, wanted)));
        return undefined;
      }
      if (tree.items.length === 0) {
        const fix = `write ${wanted}, or leave out the key`;
        problems.push(problemAt(tree.place, "empty-list", "this list is empty", fix));
      }
      const items = tree.items.flatMap((inner) => locate(item, inner, problems));
      const faults = [
        ...checkLength(tree.items, words),
        ...(print === undefined ? [] : repeats(items, print)),
        ...(check?.(items) ?? []),
      ];
      for (const fault of faults) problems.push(fault);
      return items;
    },
  };
}

/** A list, or its one item without the brackets. */
export function oneOrMore<T>(item: Shape<T>, words: ListWords<T>): Shape<readonly Located<T>[]> {
  const list = listOf(item, words);
  return {
    wanted: `${item.wanted}, or several in brackets`,
    schema: { anyOf: [item.schema, list.schema] },
    read(tree, problems) {
      return tree.kind === "list" ? list.read(tree, problems) : locate(item, tree, problems);
    },
  };
}

function locate<T>(item: Shape<T>, tree: Tree, problems: Problem[]): Located<T>[] {
  const value = item.read(tree, problems);
  return value === undefined ? [] : [{ value, place: tree.place }];
}

function listFix(tree: Tree, wanted: string): string {
  const bracketed = tree.kind === "scalar" ? `: [${tree.text.trim()}]` : "";
  return `write ${wanted}${bracketed.length > 40 ? "" : bracketed}`;
}

function checkLength<T>(
  items: readonly Tree[],
  { of, most = items.length }: ListWords<T>,
): Problem[] {
  const first = items[most];
  if (first === undefined) return [];
  const what = `these are ${items.length} ${of}, and ${most} are the most`;
  return [problemAt(first.place, "long-list", what, "remove this one and all that follow")];
}

function repeats<T>(items: readonly Located<T>[], print: (item: T) => string): Problem[] {
  const seen = new Set<string>();
  return items.flatMap(({ value, place }) => {
    const name = print(value);
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const what = `${quoted(name)} is in this list already`;
    return [problemAt(place, "repeated-item", what, "remove one of the two")];
  });
}
