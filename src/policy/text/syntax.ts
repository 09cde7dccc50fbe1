/**
 * Where a text is not YAML: the library's complaints, marked where the fault begins rather
 * than where the library noticed it. `syntax-words.ts` says them in this program's words.
 */
import { type Document, isCollection, isScalar, type Node, visit, type YAMLError } from "yaml";
import type { Problem } from "../../problem/problem.ts";
import { lineAt, placeOf, type Source } from "./source.ts";
import { wordsFor } from "./syntax-words.ts";

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

function faultOf(source: Source, error: YAMLError, opening: number | undefined): Fault {
  const words = wordsFor(error);
  const unclosed = words.code.startsWith("unclosed") && opening !== undefined;
  const [start, end] = unclosed ? [opening, opening + 1] : spanOf(source, error);
  const place = placeOf(source, start, end);
  return { problem: { ...words, severity: "error", place }, line: place.line, unclosed };
}

/** The library points at the white space before a key as often as at the key. */
function spanOf(source: Source, error: YAMLError): [number, number] {
  const [start, end] = error.pos;
  if (error.code === "MULTILINE_IMPLICIT_KEY") {
    const lastLine = source.lineStarts[lineAt(source, end - 1) - 1] ?? start;
    return [Math.max(start, lastLine + indentAt(source, lastLine)), end];
  }
  if (error.code !== "BAD_INDENT") return [start, end];
  const key = start + indentAt(source, start);
  return [key, key + 1];
}

function indentAt(source: Source, offset: number): number {
  return /^\s*/.exec(source.text.slice(offset, offset + 200))?.[0].length ?? 0;
}

/** Two lines read as one key are told twice; the telling that names the second line stays. */
function withoutEchoes(errors: readonly YAMLError[]): YAMLError[] {
  const multiline = new Set(
    errors.filter(({ code }) => code === "MULTILINE_IMPLICIT_KEY").map(({ pos }) => pos[0]),
  );
  return errors.filter(
    ({ code, pos }) => code === "MULTILINE_IMPLICIT_KEY" || !multiline.has(pos[0]),
  );
}

/** Where each bracket and quote opens, by where the library believes that it ends. */
function openingsByEnd(source: Source, document: Document): ReadonlyMap<number, number> {
  const openings = new Map<number, number>();
  visit(document, {
    Node(_key, node) {
      const [start, end] = rangeOf(node);
      if ("[{\"'".includes(source.text[start] ?? " ") && !openings.has(end))
        openings.set(end, start);
    },
  });
  return openings;
}

function rangeOf(node: Node): [number, number] {
  const known = isScalar(node) || isCollection(node) ? node.range : undefined;
  return known ? [known[0], known[1]] : [0, 0];
}
