/** A file of one record, such as a policy, to its fields, with every problem at once. */
import { inOrder } from "../problem/order.ts";
import { ok, type Place, type Problem, type Result } from "../problem/problem.ts";
import type { Code } from "./codes.ts";
import type { FieldsOf, Keys, RecordShape } from "./shape/record.ts";
import { checkCharacters } from "./text/characters.ts";
import { placeOf, type Source, sourceOf } from "./text/source.ts";
import { isNothing, type Tree } from "./text/tree.ts";
import { readYaml } from "./text/yaml.ts";
import { withoutSecrets } from "./value/secret.ts";
import { problemAt } from "./value/written.ts";

/** What a file holds. */
export interface Content<K extends Keys> {
  /** What the whole is called, with its article: "a policy". */
  readonly name: string;
  /** The code of the problem that it is nothing of the kind. */
  readonly code: Code;
  readonly shape: RecordShape<K>;
  /** What no single key can show. */
  readonly check: (fields: FieldsOf<K>) => readonly Problem[];
  /** Whether there are keys in it, which no problem may show. */
  readonly holdsSecrets?: boolean;
}

/**
 * Reads the text of `file`, which is what the problems call it. Never throws, whatever the text;
 * fields without a problem all have their values.
 */
export function readFile<K extends Keys>(
  text: string,
  file: string,
  content: Content<K>,
): Result<FieldsOf<K>> {
  const source = sourceOf(text, file);
  const characters = checkCharacters(source);
  if (characters.unreadable) return { ok: false, problems: characters.problems };
  const { tree, syntax, problems } = readYaml(source);
  const meaning = [...problems];
  const fields = readFields(tree, source, content, meaning);
  const all = [
    ...characters.problems,
    ...syntax,
    ...believable(meaning, syntax, characters.problems),
  ];
  if (all.length > 0) {
    const problems = once(all);
    return { ok: false, problems: content.holdsSecrets ? problems.map(masked) : problems };
  }
  if (fields === undefined) throw new Error("readFile: neither fields nor a problem");
  return ok(fields);
}

function masked({ place, ...problem }: Problem): Problem {
  if (place === undefined) return problem;
  return { ...problem, place: { ...place, text: withoutSecrets(place.text) } };
}

function readFields<K extends Keys>(
  tree: Tree | undefined,
  source: Source,
  content: Content<K>,
  problems: Problem[],
): FieldsOf<K> | undefined {
  if (tree?.kind === "mapping") {
    const fields = content.shape.read(tree, problems);
    for (const problem of fields === undefined ? [] : content.check(fields)) problems.push(problem);
    return fields;
  }
  problems.push(whyNothing(tree, source, content));
  return undefined;
}

function whyNothing<K extends Keys>(
  tree: Tree | undefined,
  source: Source,
  { name, code, shape }: Content<K>,
): Problem {
  const fix = `write ${shape.wanted}`;
  const nothing = (place: Place, what: string) => problemAt(place, code, what, fix);
  if (tree === undefined || isNothing(tree)) {
    return nothing(placeOf(source, 0, 0), `this file is empty, and not ${name}`);
  }
  if (tree.kind === "broken") return tree.problem;
  return nothing(tree.place, `${name} is keys with values, and this is not`);
}

/** What a fault of syntax may bring about by hiding from the reader what is there. */
const ECHOES: ReadonlySet<string> = new Set<Code>([
  "missing-key",
  "no-value",
  "wrong-kind",
  "not-a-policy",
  "not-profiles",
  "not-an-enrolment",
]);

/**
 * From the first line that is not YAML on, what is read may not be what is meant, and problems
 * found there would be guesses. So would be those of a line with a character that hides.
 */
function believable(
  meaning: readonly Problem[],
  syntax: readonly Problem[],
  hidden: readonly Problem[],
): readonly Problem[] {
  const hiding = new Set(hidden.map(lineOf));
  const end = syntax.map(lineOf).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return meaning.filter((problem) => {
    if (hiding.has(lineOf(problem))) return false;
    return lineOf(problem) < end && !(syntax.length > 0 && ECHOES.has(problem.code));
  });
}

function lineOf({ place }: Problem): number {
  return place?.line ?? 0;
}

/** Each fault once, in the order of their places: what an alias repeats was read more than once. */
function once(problems: readonly Problem[]): Problem[] {
  return inOrder([...new Map(problems.map((problem) => [keyOf(problem), problem])).values()]);
}

function keyOf({ code, what, place }: Problem): string {
  return `${place?.line}:${place?.column} ${code} ${what}`;
}
