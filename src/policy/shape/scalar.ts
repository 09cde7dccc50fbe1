/** Shapes of single values. */
import type { Problem, Result } from "../../problem/problem.ts";
import { nearest } from "../nearest.ts";
import type { Scalar, Tree } from "../text/tree.ts";
import { turnedByYaml } from "../text/turned.ts";
import { parseWholeNumber } from "../value/number.ts";
import { part, problemAt, quoted, type Written } from "../value/written.ts";
import { type Json, reportMismatch, type Shape } from "./shape.ts";

interface TextShape<T> {
  readonly wanted: string;
  readonly schema: { readonly [key: string]: Json };
  readonly parse: (written: Written) => Result<T>;
  /** Whether a plain number is as good as text (a step may be just a port). */
  readonly takesNumbers?: boolean;
}

/** A value that is read from its text. */
export function text<T>({ wanted, schema, parse, takesNumbers = false }: TextShape<T>): Shape<T> {
  return {
    wanted,
    schema,
    read(tree, problems) {
      const scalar = scalarOf(tree, wanted, problems);
      if (scalar === undefined) return undefined;
      const result = parse(writtenOf(scalar));
      const turned = scalar.quoted ? undefined : turnedByYaml(scalar.text);
      const isNumber = /^\d+$/.test(scalar.text);
      if (turned === undefined || (isNumber && (takesNumbers || !result.ok)))
        return settle(result, problems);
      if (!result.ok) {
        return settle(
          {
            ok: false,
            problems: result.problems.map((problem) => ({
              ...problem,
              what: `${problem.what} (YAML reads it as ${turned})`,
            })),
          },
          problems,
        );
      }
      const what = `YAML reads ${scalar.text} as ${turned}`;
      problems.push(
        problemAt(scalar.place, "turned-by-yaml", what, `put it in quotes: "${scalar.text}"`),
      );
      return undefined;
    },
  };
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]): Shape<Word> {
  const wanted = listed(words);
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
          near === undefined ? `write ${wanted}` : `write ${wanted}; did you mean ${near}?`;
        problems.push(
          problemAt(scalar.place, "unknown-word", `${quoted(scalar.text)} is not known here`, fix),
        );
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
    const scalar = scalarOf(tree, "true or false", problems);
    if (scalar === undefined) return undefined;
    if (!scalar.quoted && scalar.text === "true") return true;
    if (!scalar.quoted && scalar.text === "false") return false;
    problems.push(
      problemAt(
        scalar.place,
        "not-a-boolean",
        `${whatIs(scalar)} is not true or false`,
        booleanFix(scalar),
      ),
    );
    return undefined;
  },
};

/** A number in plain decimal digits. */
export function wholeNumber(
  least: number,
  most: number,
  wanted = `a number from ${least} to ${most}`,
): Shape<number> {
  return {
    wanted,
    schema: { type: "integer", minimum: least, maximum: most },
    read(tree, problems) {
      const scalar = scalarOf(tree, wanted, problems);
      if (scalar === undefined) return undefined;
      const result = parseWholeNumber(writtenOf(scalar), {
        name: wanted,
        code: "not-a-number",
        least,
        most,
        outside: (digits) => `${digits} is not ${wanted}`,
      });
      if (!scalar.quoted || !result.ok) return settle(result, problems);
      problems.push(
        problemAt(
          scalar.place,
          "quoted-number",
          `${whatIs(scalar)} is a text`,
          `write ${scalar.text} without quotes`,
        ),
      );
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

/** The tree as a scalar that is not empty. */
export function scalarOf(tree: Tree, wanted: string, problems: Problem[]): Scalar | undefined {
  if (tree.kind === "scalar" && (tree.quoted || !/^(|~|null)$/i.test(tree.text))) return tree;
  return reportMismatch(tree, wanted, problems);
}

export function writtenOf(scalar: Scalar): Written {
  return part(scalar, 0, scalar.text.length);
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

function whatIs(scalar: Scalar): string {
  return scalar.quoted ? `${quoted(scalar.text)} in quotes` : quoted(scalar.text);
}

function booleanFix(scalar: Scalar): string {
  const word = {
    yes: "true",
    on: "true",
    y: "true",
    true: "true",
    no: "false",
    off: "false",
    n: "false",
    false: "false",
  }[scalar.text.toLowerCase()];
  if (word === undefined) return "write true or false";
  return scalar.quoted ? `write ${word} without quotes` : `write ${word}`;
}
