/** Shapes of single values with a notation of their own: durations, ports, addresses, names. */
import { fail, type Problem, type Result } from "../../problem/problem.ts";
import { isEmpty, isNothing, type Scalar, type Tree } from "../text/tree.ts";
import { turnedByYaml } from "../text/turned.ts";
import { problemAt, quoted, type Written } from "../value/written.ts";
import { settle } from "./scalar.ts";
import { type JsonObject, mismatch, type Shape } from "./shape.ts";

interface Notation<T> {
  readonly wanted: string;
  readonly schema: JsonObject;
  readonly parse: (written: Written) => Result<T>;
  /** Whether a plain number is as good as text: a step may be just a port. */
  readonly takesNumbers?: boolean;
  /** Whether it may stand in a list. */
  readonly listed?: boolean;
}

/** A value that is read from its text, which must be what every YAML reader sees there. */
export function text<T>(notation: Notation<T>): Shape<T> {
  const { wanted, schema } = notation;
  return {
    wanted,
    schema,
    read: (tree, problems) => settle(readText(tree, notation), problems),
  };
}

function readText<T>(tree: Tree, notation: Notation<T>): Result<T> {
  if (tree.kind !== "scalar" || isNothing(tree)) {
    return fail(colonLost(tree, notation) ?? mismatch(tree, "scalar", `write ${notation.wanted}`));
  }
  const turned = turnedInto(tree, notation);
  const result = notation.parse(tree);
  if (result.ok) {
    if (turned === undefined) return result;
    return fail(needsQuotes(tree, `YAML reads ${tree.text} as ${turned}`));
  }
  if (severalIn(tree, notation)) return fail(several(tree));
  return fail(...explain(result.problems, turned));
}

/** What YAML turns the text into, where that is neither meant nor to be seen. */
function turnedInto<T>(
  { text, quoted }: Scalar,
  { takesNumbers = false }: Notation<T>,
): string | undefined {
  if (quoted || (takesNumbers && /^\d+$/.test(text))) return undefined;
  return turnedByYaml(text);
}

/** `2001:db8::` at the end of a line or list is a key for YAML, with nothing under it. */
function colonLost<T>(tree: Tree, { parse }: Notation<T>): Problem | undefined {
  if (tree.kind !== "mapping" || tree.entries.length !== 1) return undefined;
  const [entry] = tree.entries;
  if (entry === undefined || entry.key.quoted || !isEmpty(entry.value)) return undefined;
  const { text, place } = entry.key;
  const whole = { ...entry.key, text: `${text}:`, place: { ...place, length: place.length + 1 } };
  if (!parse(whole).ok) return undefined;
  return needsQuotes(whole, `YAML reads ${whole.text} as a key, for it ends with a colon`);
}

function needsQuotes({ text: written, place }: Scalar, what: string): Problem {
  return problemAt(place, "turned-by-yaml", what, `put it in quotes: "${written}"`);
}

/** Whether commas or brackets were forgotten: `tcp/22, tcp/80` is one text for YAML. */
function severalIn<T>(scalar: Scalar, { parse, listed = false }: Notation<T>): boolean {
  const pieces = piecesOf(scalar);
  return listed && pieces.length > 1 && pieces.every((piece) => parse({ text: piece }).ok);
}

function several(scalar: Scalar): Problem {
  const what = `${quoted(scalar.text)} is several values in one`;
  const list = piecesOf(scalar).join(", ");
  const fix = / - /.test(scalar.text)
    ? "begin every - in the same column"
    : `write commas between them, and brackets around all: [${list.length > 60 ? "A, B" : list}]`;
  return problemAt(scalar.place, "several-values", what, fix);
}

function piecesOf(scalar: Scalar): string[] {
  return scalar.text.split(/[\s,]+/).filter((piece) => piece !== "" && piece !== "-");
}

/** Adds what YAML makes of the text, when that explains what other programs do with it. */
function explain(problems: readonly Problem[], turned: string | undefined): readonly Problem[] {
  if (turned === undefined || turned === "a number") return problems;
  return problems.map((problem) => ({
    ...problem,
    what: `${problem.what} (YAML reads it as ${turned})`,
  }));
}
