/** Shapes of mappings: those with known keys, and the doors, whose names are free. */
import type { Place, Problem } from "../../problem/problem.ts";
import { nearest } from "../nearest.ts";
import { type Entry, isNothing, type Mapping } from "../text/tree.ts";
import { problemAt, quoted } from "../value/written.ts";
import { type Json, type Located, reportMismatch, type Shape } from "./shape.ts";

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

// biome-ignore lint/suspicious/noExplicitAny: the one type that every Key<T> is.
export type Keys = { readonly [name: string]: Key<any> };

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
  /** Where a key belongs that is none of this record's, as the end of a sentence, by its name. */
  readonly elsewhere?: { readonly [key: string]: string };
  /** Keys that a later version will know. */
  readonly notYet?: readonly string[];
}

export interface RecordShape<K extends Keys> extends Shape<FieldsOf<K>> {
  readonly keys: K;
}

/** A mapping in which only these keys may stand. */
export function record<const K extends Keys>(words: RecordWords, keys: K): RecordShape<K> {
  const wanted = `a mapping with ${Object.keys(keys)
    .map((key) => `\`${key}\``)
    .join(", ")}`;
  return {
    wanted,
    keys,
    schema: recordSchema(keys),
    read(tree, problems) {
      if (tree.kind !== "mapping") return reportMismatch(tree, wanted, problems);
      for (const entry of tree.entries) {
        if (!Object.hasOwn(keys, entry.key.text))
          problems.push(unknownKey(entry, words, Object.keys(keys)));
      }
      const fields = Object.entries(keys).map(([name, key]) => [
        name,
        readField(tree, name, key, words, problems),
      ]);
      return Object.fromEntries(fields) as FieldsOf<K>;
    },
  };
}

/** A mapping of free names to things of one shape, at least one. */
export function named<Name extends string, T>(
  name: Shape<Name>,
  item: Shape<T>,
  words: { readonly wanted: string },
): Shape<readonly (Located<Name> & { readonly content: T })[]> {
  return {
    wanted: words.wanted,
    schema: {
      type: "object",
      minProperties: 1,
      propertyNames: name.schema,
      additionalProperties: item.schema,
    },
    read(tree, problems) {
      if (tree.kind !== "mapping") return reportMismatch(tree, words.wanted, problems);
      if (tree.entries.length === 0) {
        problems.push(
          problemAt(
            tree.place,
            "empty-mapping",
            "nothing is written between these braces",
            `write ${words.wanted}`,
          ),
        );
      }
      return tree.entries.flatMap(({ key, value }) => {
        const read = name.read(key, problems);
        const content = item.read(value, problems);
        return read === undefined || content === undefined
          ? []
          : [{ value: read, place: key.place, content }];
      });
    },
  };
}

function readField<T>(
  tree: Mapping,
  name: string,
  key: Key<T>,
  words: RecordWords,
  problems: Problem[],
): Field<T> {
  const entries = tree.entries.filter((entry) => entry.key.text === name);
  const [first] = entries;
  if (first === undefined) {
    if (key.absent.kind !== "refused")
      return { value: key.absent.value, place: undefined, sound: true };
    problems.push(
      problemAt(
        tree.place,
        "missing-key",
        `${words.name} needs the key \`${name}\``,
        `write \`${name}:\` and ${key.shape.wanted}`,
      ),
    );
    return { value: undefined, place: undefined, sound: false };
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
  problems.push(
    problemAt(
      key.place,
      "no-value",
      `\`${key.text}\` has no value`,
      `write ${shape.wanted}${orNot}`,
    ),
  );
  return undefined;
}

function unknownKey({ key }: Entry, words: RecordWords, known: readonly string[]): Problem {
  if (words.notYet?.includes(key.text)) {
    const what = `\`${key.text}\` does not exist yet in this version`;
    return problemAt(
      key.place,
      "not-yet",
      what,
      "remove it; a door opens by its `sequence` or by hand",
    );
  }
  if (key.text === "<<") {
    return problemAt(
      key.place,
      "merge-key",
      "a policy does not merge mappings with <<",
      "write the keys themselves",
    );
  }
  const what = `${quoted(key.text)} is not a key of ${words.name}`;
  const elsewhere = words.elsewhere?.[key.text];
  if (elsewhere !== undefined)
    return problemAt(key.place, "unknown-key", what, `move it ${elsewhere}`);
  const near = nearest(key.text, known);
  const keys = `its keys are ${known.join(", ")}`;
  return problemAt(
    key.place,
    "unknown-key",
    what,
    near === undefined ? keys : `did you mean ${near}? ${keys}`,
  );
}

function recordSchema(keys: Keys): { readonly [key: string]: Json } {
  const entries = Object.entries(keys);
  const required = entries.filter(([, key]) => key.absent.kind === "refused").map(([name]) => name);
  return {
    type: "object",
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(entries.map(([name, key]) => [name, keySchema(key)])),
  };
}

function keySchema({ shape, meaning, absent, example }: Key<unknown>): {
  readonly [key: string]: Json;
} {
  return {
    description: meaning,
    ...shape.schema,
    ...(absent.kind === "default" ? { default: absent.written } : {}),
    examples: [example],
  };
}
