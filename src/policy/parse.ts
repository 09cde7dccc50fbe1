/** Policy text to {@link Policy}, with every problem at once. */
import { inOrder } from "../problem/order.ts";
import { ok, type Place, type Problem, type Result } from "../problem/problem.ts";
import { checkAcross } from "./across.ts";
import type { Code } from "./codes.ts";
import { finish } from "./finish.ts";
import { POLICY, type PolicyFields } from "./keys.ts";
import { type Places, placesOf } from "./places.ts";
import type { Policy } from "./policy.ts";
import { checkCharacters } from "./text/characters.ts";
import { placeOf, type Source, sourceOf } from "./text/source.ts";
import { isNothing, type Tree } from "./text/tree.ts";
import { readYaml } from "./text/yaml.ts";
import { problemAt } from "./value/written.ts";

/** A policy, and where in its file its parts stand. */
export interface PlacedPolicy {
  readonly policy: Policy;
  readonly places: Places;
}

/** Reads a policy; `file` is what the problems call it. Never throws, whatever the text. */
export function parsePolicy(text: string, file: string): Result<Policy> {
  const placed = parsePlacedPolicy(text, file);
  return placed.ok ? ok(placed.value.policy) : placed;
}

/** The same for those who have something to say about the policy, and want to point at it. */
export function parsePlacedPolicy(text: string, file: string): Result<PlacedPolicy> {
  const source = sourceOf(text, file);
  const characters = checkCharacters(source);
  if (characters.unreadable) return { ok: false, problems: characters.problems };
  const { tree, syntax, problems } = readYaml(source);
  const meaning = [...problems];
  const fields = readFields(tree, source, meaning);
  const all = [
    ...characters.problems,
    ...syntax,
    ...believable(meaning, syntax, characters.problems),
  ];
  if (all.length > 0) return { ok: false, problems: once(all) };
  if (fields === undefined) throw new Error("parsePolicy: neither fields nor a problem");
  return ok({ policy: finish(fields), places: placesOf(fields) });
}

function readFields(
  tree: Tree | undefined,
  source: Source,
  problems: Problem[],
): PolicyFields | undefined {
  if (tree?.kind === "mapping") {
    const fields = POLICY.read(tree, problems);
    for (const problem of checkAcross(fields?.doors.value ?? [])) problems.push(problem);
    return fields;
  }
  problems.push(whyNoPolicy(tree, source));
  return undefined;
}

function whyNoPolicy(tree: Tree | undefined, source: Source): Problem {
  if (tree === undefined || isNothing(tree)) {
    return notAPolicy(placeOf(source, 0, 0), "this policy is empty");
  }
  if (tree.kind === "broken") return tree.problem;
  return notAPolicy(tree.place, "a policy is keys with values, and this is not");
}

function notAPolicy(place: Place, what: string): Problem {
  const fix = "write `doors:` and, indented on the next lines, the name of a door and its keys";
  return problemAt(place, "not-a-policy", what, fix);
}

/** What a fault of syntax may bring about by hiding from the reader what is there. */
const ECHOES: ReadonlySet<string> = new Set<Code>([
  "missing-key",
  "no-value",
  "wrong-kind",
  "not-a-policy",
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
