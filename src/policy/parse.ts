/** Policy text to {@link Policy}, with every problem at once. */
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { checkAcross, type DraftDoor } from "./across.ts";
import { POLICY, type PolicyFields, type SequenceFields } from "./keys.ts";
import type { AutomaticBan, Door, Policy, PortRange, Sequence, Step } from "./policy.ts";
import type { Field } from "./shape/record.ts";
import type { Located } from "./shape/shape.ts";
import { checkCharacters } from "./text/characters.ts";
import { type Source, sourceOf } from "./text/source.ts";
import { isNothing, type Tree } from "./text/tree.ts";
import { readYaml } from "./text/yaml.ts";
import { problemAt } from "./value/written.ts";
import { placeOf } from "./text/source.ts";

/** Reads a policy; `file` is what the problems call it. Never throws, whatever the text. */
export function parsePolicy(text: string, file: string): Result<Policy> {
  const source = sourceOf(text, file);
  const characters = checkCharacters(source);
  if (characters.unreadable) return fail(...characters.problems);
  const problems = [...characters.problems];
  const tree = readYaml(source, problems);
  const fields = tree === undefined ? undefined : readPolicy(tree, source, problems);
  if (fields !== undefined) problems.push(...checkAcross(fields.doors.value ?? []));
  if (problems.length > 0) return fail(...inOrder(problems));
  if (fields === undefined) throw new Error("parsePolicy: neither fields nor a problem");
  return ok(policyOf(fields));
}

function readPolicy(tree: Tree, source: Source, problems: Problem[]): PolicyFields | undefined {
  if (tree.kind === "mapping") return POLICY.read(tree, problems);
  const place = isNothing(tree) ? placeOf(source, 0, 0) : tree.place;
  const what = isNothing(tree) ? "this policy is empty" : "a policy is a mapping of keys to values, and this is not";
  problems.push(problemAt(place, "not-a-policy", what, "begin with the line `doors:` and the name of a door, indented, on the next"));
  return undefined;
}

/** By place, and each fault once: what an alias repeats was read more than once. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const once = new Map(problems.map((problem) => [keyOf(problem), problem]));
  return [...once.values()].toSorted(
    (a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0),
  );
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

function banOf(fields: NonNullable<PolicyFields["ban"]["value"]>): AutomaticBan {
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
  return lowest === undefined || highest === undefined ? undefined : { first: lowest, last: highest };
}

function valuesOf<T>(items: readonly Located<T>[]): T[] {
  return items.map(({ value }) => value);
}

/** The value of a field in a policy without problems. */
function sure<T>(field: Field<T>): T {
  if (field.value === undefined) throw new Error("policyOf: a key without a value, and no problem says so");
  return field.value;
}
