/** The YAML library's nodes to {@link Tree}. */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Scalar as YamlScalar,
} from "yaml";
import type { Place, Problem } from "../../problem/problem.ts";
import { problemAt, quoted } from "../value/written.ts";
import { placeOf, type Source } from "./source.ts";
import { type Entry, isEmpty, type Scalar, type Tree } from "./tree.ts";

/** Aliases may repeat so many values in all: enough for people, too few for a bomb. */
const MOST_REPEATED = 10_000;

/** Long enough for a list whose brackets were forgotten, short enough for any pattern. */
const LONGEST_TEXT = 1000;

interface Anchored {
  readonly tree: Tree;
  /** How many nodes it has, those of its own aliases included. */
  readonly size: number;
}

/** Plants one document; an alias becomes what it stands for. */
export class Planter {
  readonly problems: Problem[] = [];
  readonly #source: Source;
  readonly #anchored = new Map<string, Anchored>();
  #planted = 0;
  #repeated = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** `holder` is the key's place: it shows better than a block's first line where a block is. */
  plant(node: Node, holder?: Place): Tree {
    const before = this.#planted++;
    const tree = this.#treeOf(node, holder);
    // Known only from its end on, so that nothing can hold itself.
    if (!isAlias(node) && "anchor" in node && typeof node.anchor === "string") {
      this.#anchored.set(node.anchor, { tree, size: this.#planted - before });
    }
    return tree;
  }

  #treeOf(node: Node, holder: Place | undefined): Tree {
    const place = this.#placeOf(node);
    if (isAlias(node)) return this.#repeat(node.source, place);
    if (isScalar(node)) return scalarOf(node, place);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#plantItem(item as Node));
      return { kind: "list", items, place: node.flow ? place : (holder ?? place) };
    }
    if (isMap(node)) {
      const entries = node.items.flatMap((pair) => this.#entryOf(pair));
      this.#findRepeats(entries);
      return { kind: "mapping", entries, place: node.flow ? place : (holder ?? place) };
    }
    throw new Error("Planter.treeOf: a node of no known kind");
  }

  /** An item in which nothing is written is marked at the dash or comma before it. */
  #plantItem(node: Node): Tree {
    const item = this.plant(node);
    if (!isEmpty(item)) return item;
    let at = (node.range?.[0] ?? 0) - 1;
    while (at > 0 && /\s/.test(this.#source.text[at] ?? "")) at--;
    return nothingAt(placeOf(this.#source, at, at + 1));
  }

  #repeat(name: string, place: Place): Tree {
    const anchored = this.#anchored.get(name);
    if (anchored === undefined) {
      const fix = "write the value itself, or put it in quotes if it begins with *";
      const what = `no &${name} stands before *${name}`;
      return broken(place, problemAt(place, "unknown-alias", what, fix));
    }
    this.#repeated += anchored.size;
    this.#planted += anchored.size;
    if (this.#repeated <= MOST_REPEATED) return anchored.tree;
    const what = "the aliases of this file repeat too much";
    return broken(place, problemAt(place, "too-many-aliases", what, "write the values themselves"));
  }

  #entryOf(pair: unknown): Entry[] {
    if (!isPair(pair)) throw new Error("Planter.entryOf: a mapping holds something but pairs");
    const key = this.plant(pair.key as Node);
    const value = pair.value === null ? undefined : this.plant(pair.value as Node, key.place);
    if (key.kind === "scalar") {
      const written = value === undefined || isEmpty(value) ? nothingAt(key.place) : value;
      return [{ key, value: written }];
    }
    const what = "a key is a word, and this is not";
    this.problems.push(problemAt(key.place, "not-a-key", what, "write `key: value`"));
    return [];
  }

  #findRepeats(entries: readonly Entry[]): void {
    const firsts = new Map<string, Place>();
    for (const { key } of entries) {
      const first = firsts.get(key.text);
      if (first === undefined) {
        firsts.set(key.text, key.place);
      } else {
        const what = `${quoted(key.text)} is here already, on line ${first.line}`;
        this.problems.push(problemAt(key.place, "duplicate-key", what, "keep one of the two"));
      }
    }
  }

  #placeOf(node: Node): Place {
    const [start, end] = node.range ?? [0, 0];
    return placeOf(this.#source, start, end);
  }
}

function scalarOf({ source: text = "", type = "PLAIN" }: YamlScalar, place: Place): Tree {
  if (text.length <= LONGEST_TEXT) {
    return { kind: "scalar", text, quoted: type !== "PLAIN", place };
  }
  const what = `this text has ${text.length} characters, more than anything in a policy`;
  return broken(place, problemAt(place, "long-text", what, "write each value by itself"));
}

function broken(place: Place, problem: Problem): Tree {
  return { kind: "broken", problem, place };
}

function nothingAt(place: Place): Scalar {
  return { kind: "scalar", text: "", quoted: false, place };
}
