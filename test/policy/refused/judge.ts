/** Holds a text that is refused to its row in a table. */
import { expect } from "vitest";
import type { Problem } from "../../../src/problem/problem.ts";
import type { Refused } from "./row.ts";

/** The problems are those that the row tells, each at its place, and no others. */
export function expectRefused(
  { policy, says }: Refused,
  problemsOf: (text: string) => readonly Problem[],
): void {
  const problems = problemsOf(policy.replaceAll(/[«»]/g, ""));
  const codes = says.map((words) => words.split(": ", 1)[0]);
  const expected = marksOf(policy).map((mark, index) => `${mark} ${codes[index]}`);
  expect(problems.map(summaryOf)).toEqual(expected);
  expect(codes).toHaveLength(problems.length);
  for (const [index, words] of says.entries()) {
    const fix = words.slice((codes[index]?.length ?? 0) + 2);
    if (fix !== "") expect(problems[index]?.fix).toBe(fix);
  }
}

/** What stands between « and », as `line:column+length`. */
function marksOf(marked: string): string[] {
  return marked.split("\n").flatMap((line, index) => {
    let removed = 0;
    return [...line.matchAll(/«([^»]*)»/gu)].map((match) => {
      const column = match.index - removed + 1;
      removed += 2;
      // What is empty is marked, too.
      return `${index + 1}:${column}+${Math.max(1, match[1]?.length ?? 0)}`;
    });
  });
}

function summaryOf({ code, place }: Problem): string {
  return `${place?.line}:${place?.column}+${place?.length} ${code}`;
}
