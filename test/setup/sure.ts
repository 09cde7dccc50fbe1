import type { Result } from "../../src/problem/problem.ts";

/** The value where there is to be one. */
export function sure<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(result.problems.map(({ what, fix }) => `${what}; ${fix}`).join("\n"));
}
