/** Shapes of single values that are words, numbers, or true or false. */
import type { Problem, Result } from "../../problem/problem.ts";
import { nearest } from "../nearest.ts";
import { isNothing, type Scalar, type Tree } from "../text/tree.ts";
import { parseWholeNumber } from "../value/number.ts";
import { problemAt, quoted } from "../value/written.ts";
import { mismatch, type Shape } from "./shape.ts";

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]): Shape<Word> {
  const wanted = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return {
    wanted,
    schema: { enum: words },
    read(tree, problems) {
      const scalar = scalarOf(tree, wanted, problems);
      if (scalar === undefined) return undefined;
      const word = words.find((candidate) => candidate === scalar.text);
      if (word === undefined) {
        const near = nearest(scalar.text, words);
        const fix =
          near === undefined ? `write ${wanted}` : `did you mean ${near}? write ${wanted}`;
        const what = `${quoted(scalar.text)} is not a word known here`;
        problems.push(problemAt(scalar.place, "unknown-word", what, fix));
      }
      return word;
    },
  };
}

/** `true` or `false`, and none of YAML's other words for them. */
export const boolean: Shape<boolean> = {
  wanted: "true or false",
  schema: { type: "boolean" },
  read(tree, problems) {
    const scalar = scalarOf(tree, boolean.wanted, problems);
    if (scalar === undefined) return undefined;
    if (!scalar.quoted && scalar.text === "true") return true;
    if (!scalar.quoted && scalar.text === "false") return false;
    const what = `${nameOf(scalar)} is neither true nor false`;
    problems.push(problemAt(scalar.place, "not-a-boolean", what, booleanFix(scalar)));
    return undefined;
  },
};

/** A number in plain decimal digits. */
export function wholeNumber(least: number, most: number): Shape<number> {
  const wanted = `a number from ${least} to ${most}`;
  const outside = (digits: string) => `${digits} is not ${wanted}`;
  return {
    wanted,
    schema: { type: "integer", minimum: least, maximum: most },
    read(tree, problems) {
      const scalar = scalarOf(tree, wanted, problems);
      if (scalar === undefined) return undefined;
      const kind = { name: wanted, code: "not-a-number", least, most, outside } as const;
      const result = parseWholeNumber(scalar, kind);
      if (!scalar.quoted || !result.ok) return settle(result, problems);
      const fix = `write ${scalar.text} without quotes`;
      problems.push(problemAt(scalar.place, "quoted-number", `${nameOf(scalar)} is a text`, fix));
      return undefined;
    },
  };
}

/** The value of a result; its problems go to `problems`. */
export function settle<T>(result: Result<T>, problems: Problem[]): T | undefined {
  if (result.ok) return result.value;
  problems.push(...result.problems);
  return undefined;
}

/** The tree as a scalar in which something is written. */
export function scalarOf(tree: Tree, wanted: string, problems: Problem[]): Scalar | undefined {
  if (tree.kind === "scalar" && !isNothing(tree)) return tree;
  problems.push(mismatch(tree, "scalar", `write ${wanted}`));
  return undefined;
}

function nameOf(scalar: Scalar): string {
  return scalar.quoted ? `${quoted(scalar.text)} in quotes` : quoted(scalar.text);
}

const TRUE = /^(true|yes|on|y)$/i;
const FALSE = /^(false|no|off|n)$/i;

function booleanFix({ text, quoted: inQuotes }: Scalar): string {
  if (!TRUE.test(text) && !FALSE.test(text)) return "write true or false";
  return `write ${TRUE.test(text)}${inQuotes ? " without quotes" : ""}`;
}
