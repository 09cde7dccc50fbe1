/** Shapes of lists. */
import type { Problem } from "../../problem/problem.ts";
import type { Tree } from "../text/tree.ts";
import { problemAt, quoted } from "../value/written.ts";
import { type Located, reportMismatch, type Shape } from "./shape.ts";

interface ListWords<T> {
  /** What the list holds, in the plural. */
  readonly of: string;
  readonly most?: number;
  /** The item in its usual notation, where an item may not be there twice. */
  readonly print?: (item: T) => string;
}

/** A list of one item or more. */
export function listOf<T>(item: Shape<T>, words: ListWords<T>): Shape<readonly Located<T>[]> {
  const { of, most } = words;
  const wanted = `a list of ${most === undefined ? "" : `1 to ${most} `}${of}`;
  return {
    wanted,
    schema: {
      type: "array",
      items: item.schema,
      minItems: 1,
      ...(most === undefined ? {} : { maxItems: most }),
    },
    read(tree, problems) {
      if (tree.kind !== "list") {
        const fix = tree.kind === "scalar" ? `${wanted}, in brackets` : wanted;
        return reportMismatch(tree, fix, problems);
      }
      if (tree.items.length === 0) {
        problems.push(
          problemAt(
            tree.place,
            "empty-list",
            "this list is empty",
            `write ${wanted}, or leave out the key`,
          ),
        );
      }
      checkLength(tree.items, most, of, problems);
      const items = tree.items.flatMap((inner) => locate(item, inner, problems));
      return words.print === undefined ? items : withoutRepeats(items, words.print, problems);
    },
  };
}

/** A list, or its one item without the brackets. */
export function oneOrMore<T>(item: Shape<T>, words: ListWords<T>): Shape<readonly Located<T>[]> {
  const list = listOf(item, words);
  const wanted = `${item.wanted}, or a list of them`;
  return {
    wanted,
    schema: { anyOf: [item.schema, list.schema] },
    read(tree, problems) {
      if (tree.kind === "list") return list.read(tree, problems);
      return tree.kind === "scalar"
        ? locate(item, tree, problems)
        : reportMismatch(tree, wanted, problems);
    },
  };
}

function locate<T>(item: Shape<T>, tree: Tree, problems: Problem[]): Located<T>[] {
  const value = item.read(tree, problems);
  return value === undefined ? [] : [{ value, place: tree.place }];
}

function checkLength(
  items: readonly Tree[],
  most = Number.POSITIVE_INFINITY,
  of: string,
  problems: Problem[],
): void {
  const first = items[most];
  if (first === undefined) return;
  const what = `these are ${items.length} ${of}, and ${most} are the most`;
  problems.push(problemAt(first.place, "long-list", what, "remove this one and all that follow"));
}

function withoutRepeats<T>(
  items: readonly Located<T>[],
  print: (item: T) => string,
  problems: Problem[],
): Located<T>[] {
  const seen = new Set<string>();
  return items.filter(({ value, place }) => {
    const name = print(value);
    if (seen.has(name)) {
      problems.push(
        problemAt(
          place,
          "repeated-item",
          `${quoted(name)} is in this list already`,
          "remove one of the two",
        ),
      );
      return false;
    }
    seen.add(name);
    return true;
  });
}
