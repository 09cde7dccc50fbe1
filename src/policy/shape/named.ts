/** The shape of a mapping whose keys are names that the administrator chooses. */
import type { Place, Problem } from "../../problem/problem.ts";
import type { Entry } from "../text/tree.ts";
import { problemAt, quoted } from "../value/written.ts";
import type { FieldsOf, Keys, RecordShape } from "./record.ts";
import { type Located, mismatch, type Shape } from "./shape.ts";

/** A name, where it stands, and what stands under it. */
export type Named<Name, K extends Keys> = Located<Name> & { readonly content: FieldsOf<K> };

interface NamedWords {
  readonly wanted: string;
  /** The key of the record that tells a record from a name. */
  readonly mark: string;
}

/** Names and, under each, a record; at least one, and each name once. */
export function named<Name extends string, K extends Keys>(
  name: Shape<Name>,
  record: RecordShape<K>,
  words: NamedWords,
): Shape<readonly Named<Name, K>[]> {
  const { wanted } = words;
  return {
    wanted,
    schema: {
      type: "object",
      minProperties: 1,
      propertyNames: name.schema,
      additionalProperties: record.schema,
    },
    read(tree, problems) {
      if (tree.kind !== "mapping") {
        problems.push(mismatch(tree, "mapping", `write ${wanted}`));
        return undefined;
      }
      if (tree.entries.length === 0) {
        const what = "nothing is written between these braces";
        problems.push(problemAt(tree.place, "empty-mapping", what, `write ${wanted}`));
      }
      const items = tree.entries.flatMap((entry) => readItem(entry, name, record, words, problems));
      for (const problem of respelled(items)) problems.push(problem);
      return [...new Map(items.toReversed().map((item) => [item.value, item])).values()].reverse();
    },
  };
}

/** One name in two spellings; what is there twice in one was reported as a key that is. */
function respelled<Name extends string>(items: readonly Located<Name>[]): Problem[] {
  const firstPlaces = new Map<Name, Place>();
  return items.flatMap(({ value, place }) => {
    const first = firstPlaces.get(value) ?? place;
    firstPlaces.set(value, first);
    if (spelling(first) === spelling(place)) return [];
    const what = `${quoted(value)} is here already, on line ${first.line}`;
    return [problemAt(place, "duplicate-key", what, "keep one of the two")];
  });
}

function spelling({ text, column, length }: Place): string {
  return text.slice(column - 1, column - 1 + length).replaceAll(/["']/g, "");
}

function readItem<Name extends string, K extends Keys>(
  entry: Entry,
  name: Shape<Name>,
  record: RecordShape<K>,
  { mark }: NamedWords,
  problems: Problem[],
): Named<Name, K>[] {
  if (isStray(entry, record, mark)) {
    problems.push(strayKey(entry, record));
    return [];
  }
  const value = name.read(entry.key, problems);
  const content = record.read(entry.value, problems);
  if (value === undefined || content === undefined) return [];
  return [{ value, place: entry.key.place, content }];
}

/** Whether it is a key of the record, too far to the left, and no name. */
function isStray<K extends Keys>(
  { key, value }: Entry,
  record: RecordShape<K>,
  mark: string,
): boolean {
  if (!Object.hasOwn(record.keys, key.text)) return false;
  return value.kind !== "mapping" || !value.entries.some((inner) => inner.key.text === mark);
}

function strayKey<K extends Keys>({ key }: Entry, { words }: RecordShape<K>): Problem {
  const what = `\`${key.text}\` is a key of ${words.name}, and stands where the names do`;
  return problemAt(key.place, "stray-key", what, `indent it deeper than the name of ${words.name}`);
}
