/** Shapes of mappings in which only certain keys may stand. */
import type { Place, Problem } from "../../problem/problem.ts";
import type { Code } from "../codes.ts";
import { nearest } from "../nearest.ts";
import { type Entry, isNothing, type Mapping } from "../text/tree.ts";
import { problemAt, quoted } from "../value/written.ts";
import { type Json, type JsonObject, mismatch, type Shape } from "./shape.ts";

/** One key of a record, and everything there is to say about it. */
export interface Key<T> {
  readonly shape: Shape<T>;
  readonly meaning: string;
  /** As it would stand in a policy. */
  readonly example: Json;
  readonly absent: Absent<T>;
}

/** What it means when a key is not there. */
export type Absent<T> =
  | { readonly kind: "refused" }
  | { readonly kind: "default"; readonly value: T; readonly written: Json }
  | { readonly kind: "described"; readonly value: T | undefined; readonly words: string };

/** Keys by their names; a `Key<T>` of any T is a `Key<unknown>`, for it only gives its value. */
export type Keys = { readonly [name: string]: Key<unknown> };

/** What stood under a key, or the default. */
export interface Field<T> {
  /** Undefined when what is written could not be read, or what is required is absent. */
  readonly value: T | undefined;
  /** Where the key stands; undefined when it is absent. */
  readonly place: Place | undefined;
  /** Whether all that is written there was read without a problem. */
  readonly sound: boolean;
}

export type FieldsOf<K extends Keys> = {
  readonly [Name in keyof K]: Field<K[Name] extends Key<infer T> ? T : never>;
};

export interface RecordWords {
  /** What the record is, with its article: "a door". */
  readonly name: string;
  /** What to write, as the end of a sentence. */
  readonly wanted: string;
  /** Keys that belong to another record, and where to move them. */
  readonly elsewhere?: { readonly [key: string]: string };
}

export interface RecordShape<K extends Keys> extends Shape<FieldsOf<K>> {
  readonly words: RecordWords;
  readonly keys: K;
}

/** A mapping with these keys and no others. */
export function record<const K extends Keys>(words: RecordWords, keys: K): RecordShape<K> {
  return {
    words,
    keys,
    wanted: words.wanted,
    schema: recordSchema(keys),
    read(tree, problems) {
      if (tree.kind !== "mapping") {
        problems.push(mismatch(tree, "mapping", `write ${words.wanted}`));
        return undefined;
      }
      for (const unknown of unknownKeys(tree, words, Object.keys(keys))) problems.push(unknown);
      const fields = Object.entries(keys).map(([name, key]) => {
        const entries = tree.entries.filter((entry) => entry.key.text === name);
        const field = readField(entries, key, problems);
        if (entries.length === 0 && !field.sound) problems.push(missingKey(tree, name, key, words));
        return [name, field];
      });
      return Object.fromEntries(fields) as FieldsOf<K>;
    },
  };
}

/** Reads what stands under a key; of a key that is there twice both, and keeps the first. */
function readField<T>(entries: readonly Entry[], key: Key<T>, problems: Problem[]): Field<T> {
  const [first] = entries;
  if (first === undefined) {
    if (key.absent.kind === "refused") return { value: undefined, place: undefined, sound: false };
    return { value: key.absent.value, place: undefined, sound: true };
  }
  const before = problems.length;
  const [value] = entries.map((entry) => readEntry(entry, key, problems));
  return { value, place: first.key.place, sound: problems.length === before };
}

function readEntry<T>(
  { key, value }: Entry,
  { shape, absent }: Key<T>,
  problems: Problem[],
): T | undefined {
  if (!isNothing(value)) return shape.read(value, problems);
  const orNot = absent.kind === "refused" ? "" : `, or leave out \`${key.text}\``;
  const fix = `write ${shape.wanted}${orNot}`;
  problems.push(problemAt(key.place, "no-value", `\`${key.text}\` has no value`, fix));
  return undefined;
}

function missingKey(tree: Mapping, name: string, key: Key<unknown>, words: RecordWords): Problem {
  const what = `${words.name} needs the key \`${name}\``;
  return problemAt(tree.place, "missing-key", what, `write \`${name}:\` and ${key.shape.wanted}`);
}

function unknownKeys(tree: Mapping, words: RecordWords, known: readonly string[]): Problem[] {
  return tree.entries
    .filter(({ key }) => !known.includes(key.text))
    .map(({ key }) => {
      const [code, what, fix] = unknownKey(key.text, words, known);
      return problemAt(key.place, code, what, fix);
    });
}

function unknownKey(
  name: string,
  { name: record, elsewhere = {} }: RecordWords,
  known: readonly string[],
): [code: Code, what: string, fix: string] {
  if (name === "<<") {
    return ["merge-key", "a policy does not merge keys with <<", "write the keys themselves"];
  }
  const what = `${quoted(name)} is not a key of ${record}`;
  const there = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  if (there !== undefined) return ["unknown-key", what, `move it ${there}`];
  const near = nearest(name, known);
  const meant = near === undefined ? "" : `did you mean ${near}? `;
  return ["unknown-key", what, `${meant}its keys are ${known.join(", ")}`];
}

function recordSchema(keys: Keys): JsonObject {
  const entries = Object.entries(keys);
  const required = entries.filter(([, key]) => key.absent.kind === "refused");
  return {
    type: "object",
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required: required.map(([name]) => name) }),
    properties: Object.fromEntries(entries.map(([name, key]) => [name, keySchema(key)])),
  };
}

function keySchema({ shape, meaning, absent, example }: Key<unknown>): JsonObject {
  return {
    description: meaning,
    ...shape.schema,
    ...(absent.kind === "default" ? { default: absent.written } : {}),
    examples: [example],
  };
}
