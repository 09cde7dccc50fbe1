/**
 * A fault that the user can mend, as data: what is wrong, where, and what to write or do
 * instead. Nothing below the command line prints one; `render.ts` words them all.
 */

/**
 * Where in a text a fault stands. Lines and columns count from 1. A column is a UTF-16 code
 * unit, as editors count, so that `text.slice(column - 1, column - 1 + length)` is the fault.
 */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The whole line as it was written, without its line break. */
  readonly text: string;
}

export interface Problem {
  /** A stable name in kebab-case, for scripts and for the documentation. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** What is wrong, lower case, no full stop, quoting the text as written. */
  readonly what: string;
  /** What to do about it, in the same form. */
  readonly fix: string;
  readonly place?: Place;
}

/** A value, or every problem that stands in its way. `problems` is never empty. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail(...problems: readonly Problem[]): Result<never> {
  if (problems.length === 0) throw new Error("fail: called without a problem");
  return { ok: false, problems };
}
