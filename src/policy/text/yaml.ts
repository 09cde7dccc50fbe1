/**
 * Policy text to {@link Tree}. The library's "failsafe" schema turns nothing into a number
 * or a boolean, so what each text means is decided by the key that it stands under.
 */
import { Composer, type Document, type Node, Parser } from "yaml";
import type { Problem } from "../../problem/problem.ts";
import { problemAt, quoted } from "../value/written.ts";
import { Planter } from "./plant.ts";
import { placeOf, type Source } from "./source.ts";
import { syntaxProblems } from "./syntax.ts";
import { type Survey, survey } from "./tokens.ts";
import type { Tree } from "./tree.ts";

export interface Yaml {
  /** Undefined when nothing can be read, or nothing is there. */
  readonly tree: Tree | undefined;
  /** Where the text is not YAML: from the first of them on, the tree may be anything. */
  readonly syntax: readonly Problem[];
  /** Where it is YAML of a kind that a policy does not use. */
  readonly problems: readonly Problem[];
}

export function readYaml(source: Source): Yaml {
  const tokens = [...new Parser().parse(source.text)];
  const { tooDeepAt, instructions } = survey(tokens);
  if (tooDeepAt !== undefined) {
    return { tree: undefined, syntax: [tooDeep(source, tooDeepAt)], problems: [] };
  }
  const composer = new Composer({ schema: "failsafe", uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens, true, source.text.length)];
  if (document === undefined) throw new Error("readYaml: the library returned no document");
  const problems = instructions.map((instruction) => instructionProblem(source, instruction));
  if (second !== undefined) problems.push(secondDocument(source, second));
  const planter = new Planter(source);
  const tree = document.contents === null ? undefined : planter.plant(document.contents as Node);
  return {
    tree,
    syntax: syntaxProblems(source, document),
    problems: [...problems, ...planter.problems],
  };
}

function tooDeep(source: Source, offset: number): Problem {
  const what = "things stand inside each other here more than 200 deep";
  const fix = "close what is open, and begin lines that belong together in the same column";
  return problemAt(placeOf(source, offset, offset + 1), "too-deep", what, fix);
}

function instructionProblem(source: Source, token: Survey["instructions"][number]): Problem {
  const place = placeOf(source, token.offset, token.offset + token.source.length);
  const what = `${quoted(token.source)} is an instruction to the YAML reader`;
  // What `interfaces` leaves out begins with the sign that makes it a tag.
  const fix = /^![\w.@:*-]+$/.test(token.source)
    ? `put it in quotes if it is meant as text: "${token.source}"; otherwise remove it`
    : "remove it; a policy needs none";
  return problemAt(place, "yaml-instruction", what, fix);
}

function secondDocument(source: Source, second: Document): Problem {
  const begin = second.range?.[0] ?? 0;
  const dashes = /---\s*$/.exec(source.text.slice(Math.max(0, begin - 200), begin));
  const offset = begin - (dashes?.[0].length ?? 0);
  const what = "a second document begins here, and a policy is one";
  const fix = "remove the line, or put what follows it into a file of its own";
  return problemAt(placeOf(source, offset, offset + 3), "second-document", what, fix);
}
