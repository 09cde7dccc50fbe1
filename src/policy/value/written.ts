/**
 * Text as the user wrote it, on its way to becoming a value, and the words with which
 * problems quote it.
 */
import { fail, type Place, type Problem, type Result } from "../../problem/problem.ts";
import type { Code } from "../codes.ts";

/** Some text and where it stands; from the command line it stands nowhere. */
export interface Written {
  readonly text: string;
  readonly place?: Place;
}

/** `written.text.slice(start, end)`, with its own place where the text stands there as it is. */
export function part(written: Written, start: number, end: number): Written {
  const text = written.text.slice(start, end);
  const { place } = written;
  if (place === undefined) return { text };
  const raw = place.text.slice(place.column - 1, place.column - 1 + place.length);
  const offset = [0, 1].find((quotes) => raw.slice(quotes, raw.length - quotes) === written.text);
  if (offset === undefined || text === "") return { text, place };
  return { text, place: { ...place, column: place.column + offset + start, length: text.length } };
}

/** The problem of a {@link Written}, as a failed result. */
export function refuse(written: Written, code: Code, what: string, fix: string): Result<never> {
  return fail(problemAt(written.place, code, what, fix));
}

export function problemAt(
  place: Place | undefined,
  code: Code,
  what: string,
  fix: string,
): Problem {
  return { code, severity: "error", what, fix, ...(place === undefined ? {} : { place }) };
}

/** Outside text in a message: in double quotes, cut when it is very long. */
export function quoted(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 57)}…` : text}"`;
}
