/**
 * A policy's text by lines, so that every problem can show where it stands.
 */
import type { Place } from "../../problem/problem.ts";

export interface Source {
  readonly file: string;
  readonly text: string;
  /** The offset at which each line begins; the first is 0. */
  readonly lineStarts: readonly number[];
}

export function sourceOf(text: string, file: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    lineStarts.push(at + 1);
  }
  return { file, text, lineStarts };
}

/**
 * The place of `text.slice(start, end)`. What spans several lines is marked on the first of
 * them only; what is empty is marked one column wide.
 */
export function placeOf(source: Source, start: number, end: number): Place {
  const line = lineAt(source, start);
  const lineStart = source.lineStarts[line - 1] ?? 0;
  const text = lineText(source, line);
  const column = Math.min(start - lineStart, text.length) + 1;
  const length = Math.max(1, Math.min(end - lineStart, text.length) + 1 - column);
  return { file: source.file, line, column, length, text };
}

/** The number of the line, from 1, that holds the offset. */
export function lineAt(source: Source, offset: number): number {
  let low = 0;
  let high = source.lineStarts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** The line without its line break. */
export function lineText(source: Source, line: number): string {
  const start = source.lineStarts[line - 1] ?? 0;
  const next = source.lineStarts[line];
  const text = source.text.slice(start, next === undefined ? undefined : next - 1);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
