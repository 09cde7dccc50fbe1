/** Policy text to {@link Policy}, with every problem at once. */

import { inOrder } from "../problem/order.ts";
import { ok, type Place, type Problem, type Result } from "../problem/problem.ts";
import { checkAcross, type DraftDoor } from "./across.ts";
import type { Code } from "./codes.ts";
import { type BanFields, POLICY, type PolicyFields, type SequenceFields } from "./keys.ts";
import type { AutomaticBan, Door, Policy, PortRange, Sequence, Step } from "./policy.ts";
import type { Field } from "./shape/record.ts";
import type { Located } from "./shape/shape.ts";
import { checkCharacters } from "./text/characters.ts";
import { placeOf, type Source, sourceOf } from "./text/source.ts";
import { isNothing, type Tree } from "./text/tree.ts";
import { readYaml } from "./text/yaml.ts";
import { problemAt } from "./value/written.ts";

/** Reads a policy; `file` is what the problems call it. Never throws, whatever the text. */
export function parsePolicy(text: string, file: string): Result<Policy> {
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
  return ok(policyOf(fields));
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
  if (tree?.kind === "broken") problems.push(tree.problem);
  else if (tree === undefined || isNothing(tree))
    problems.push(notAPolicy(placeOf(source, 0, 0), "this policy is empty"));
  else problems.push(notAPolicy(tree.place, "a policy is keys with values, and this is not"));
  return undefined;
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
  "no-udp",
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

function policyOf(fields: PolicyFields): Policy {
  const ban = fields.ban.value;
  return {
    backend: sure(fields.backend),
    interfaces: valuesOf(sure(fields.interfaces)),
    trusted: valuesOf(sure(fields.trusted)),
    ipv6PrefixLength: sure(fields["ipv6-prefix"]),
    log: sure(fields.log),
    ban: ban === undefined ? undefined : banOf(ban),
    doors: sure(fields.doors).map(doorOf),
  };
}

function banOf(fields: BanFields): AutomaticBan {
  return {
    after: sure(fields.after),
    withinSeconds: sure(fields.within),
    forSeconds: sure(fields.for),
  };
}

function doorOf({ value: name, content }: DraftDoor): Door {
  const sequence = content.sequence.value;
  return {
    name,
    protects: valuesOf(sure(content.protects)),
    openForSeconds: sure(content["open-for"]),
    singleUse: sure(content["single-use"]),
    refuse: sure(content.refuse),
    destinations: valuesOf(sure(content.destinations)),
    sessionIdleSeconds: sure(content["session-idle"]),
    sequence: sequence === undefined ? undefined : sequenceOf(sequence),
  };
}

function sequenceOf(fields: SequenceFields): Sequence {
  const steps = valuesOf(sure(fields.steps));
  return {
    steps,
    withinSeconds: sure(fields.within),
    watch: fields.watch.value ?? span(steps),
  };
}

/** From the lowest to the highest port of the steps, where any is a port. */
function span(steps: readonly Step[]): PortRange | undefined {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  const [lowest] = ports.toSorted((a, b) => a - b);
  const highest = ports.toSorted((a, b) => a - b).at(-1);
  return lowest === undefined || highest === undefined
    ? undefined
    : { first: lowest, last: highest };
}

function valuesOf<T>(items: readonly Located<T>[]): T[] {
  return items.map(({ value }) => value);
}

/** The value of a field in a policy without problems. */
function sure<T>(field: Field<T>): T {
  if (field.value === undefined)
    throw new Error("policyOf: a key without a value, and no problem says so");
  return field.value;
}
