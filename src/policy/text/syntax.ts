/**
 * Where a text is not YAML: the library's complaints, marked where the fault begins rather
 * than where the library noticed it. `syntax-words.ts` says them in this program's words.
 */
import { type Document, isCollection, isScalar, type Node, visit, type YAMLError } from "yaml";
import type { Problem } from "../../problem/problem.ts";
import { lineAt, placeOf, type Source } from "./source.ts";
import { MISSING_COLON, type Words, wordsFor } from "./syntax-words.ts";

interface Fault {
  readonly problem: Problem;
  readonly line: number;
  readonly unclosed: boolean;
}

/** The faults by their lines, one a line: what follows on the same line is mostly its echo. */
export function syntaxProblems(source: Source, document: Document): Problem[] {
  const openings = openingsByEnd(source, document);
  const faults = withoutEchoes(document.errors)
    .map((error) => faultOf(source, error, openings.get(error.pos[0])))
    .toSorted((a, b) => a.line - b.line);
  const unclosed = faults.findIndex((fault) => fault.unclosed);
  // Past what never closes everything is inside it, and wrong for that reason alone.
  const believable = unclosed === -1 ? faults : faults.slice(0, unclosed + 1);
  return believable
    .filter(({ line }, index) => believable[index - 1]?.line !== line)
    .map(({ problem }) => problem);
}

/** The library tells some faults several times; the first of these says most. */
const TELLING: readonly string[] = ["BLOCK_IN_FLOW", "MULTILINE_IMPLICIT_KEY"];

function withoutEchoes(errors: readonly YAMLError[]): YAMLError[] {
  const best = new Map<number, YAMLError>();
  for (const error of errors) {
    const [start] = error.pos;
    const other = best.get(start);
    if (other === undefined || isMoreTelling(error, other)) best.set(start, error);
  }
  return [...best.values()];
}

function isMoreTelling(a: YAMLError, b: YAMLError): boolean {
  const other = TELLING.indexOf(b.code);
  return TELLING.indexOf(a.code) !== -1 && (other === -1 || TELLING.indexOf(a.code) < other);
}

function faultOf(source: Source, error: YAMLError, opening: number | undefined): Fault {
  const words = wordsFor(error);
  if (words.code.startsWith("unclosed") && opening !== undefined) {
    return { ...faultAt(source, words, [opening, opening + 1]), unclosed: true };
  }
  if (error.code === "MULTILINE_IMPLICIT_KEY") return joinedLines(source, words, error.pos);
  // The library points at the white space before a key as often as at the key.
  const start = error.pos[0] + (error.code === "BAD_INDENT" ? indentAt(source, error.pos[0]) : 0);
  return faultAt(source, words, [start, Math.max(start + 1, error.pos[1])]);
}

/** Lines that YAML takes for one key: either the last begins too far to the right, or the first lacks a colon. */
function joinedLines(source: Source, words: Words, [start, end]: [number, number]): Fault {
  const lineStart = source.lineStarts[lineAt(source, end - 1) - 1] ?? start;
  const last = lineStart + indentAt(source, lineStart);
  if (last > start && last - lineStart !== columnOf(source, start)) {
    return faultAt(source, words, [last, end]);
  }
  return faultAt(source, MISSING_COLON, [start, Math.max(start + 1, lineStart - 1)]);
}

function faultAt(source: Source, words: Words, [start, end]: [number, number]): Fault {
  const place = placeOf(source, start, end);
  return { problem: { ...words, severity: "error", place }, line: place.line, unclosed: false };
}

function columnOf(source: Source, offset: number): number {
  return offset - (source.lineStarts[lineAt(source, offset) - 1] ?? 0);
}

function indentAt(source: Source, offset: number): number {
  return /^\s*/.exec(source.text.slice(offset, offset + 200))?.[0].length ?? 0;
}

/** Where each bracket and quote opens, by where the library believes that it ends. */
function openingsByEnd(source: Source, document: Document): ReadonlyMap<number, number> {
  const openings = new Map<number, number>();
  visit(document, {
    Node(_key, node) {
      const [start, end] = rangeOf(node);
      if ("[{\"'".includes(source.text[start] ?? " ") && !openings.has(end)) {
        openings.set(end, start);
      }
    },
  });
  return openings;
}

function rangeOf(node: Node): [number, number] {
  const known = isScalar(node) || isCollection(node) ? node.range : undefined;
  return known ? [known[0], known[1]] : [0, 0];
}
