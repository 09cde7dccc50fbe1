import type { Problem } from "./problem.ts";

/** The problems in the order of their places; those without one come last. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(({ place: a }, { place: b }) => {
    if (a === undefined || b === undefined) {
      return Number(a === undefined) - Number(b === undefined);
    }
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column;
  });
}
