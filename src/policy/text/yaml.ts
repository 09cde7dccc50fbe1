/**
 * Policy text to {@link Tree}. The library's "failsafe" schema turns nothing into a number
 * or a boolean, so what each text means is decided by the key that it stands under.
 */
import { Composer, type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, Parser, visit } from "yaml";
import type { Place, Problem } from "../../problem/problem.ts";
import { quoted } from "../value/written.ts";
import { tooDeep } from "./depth.ts";
import { placeOf, type Source } from "./source.ts";
import { syntaxProblem } from "./syntax.ts";
import type { Entry, Scalar, Tree } from "./tree.ts";

/** Aliases may repeat so many values in all: enough for people, too few for a bomb. */
const MOST_REPEATED = 10_000;

/** The text's one document, if it can be read at all; what is wrong with it goes to `problems`. */
export function readYaml(source: Source, problems: Problem[]): Tree | undefined {
  const tokens = [...new Parser().parse(source.text)];
  const deep = tooDeep(tokens);
  if (deep !== undefined) {
    problems.push({
      code: "too-deep",
      severity: "error",
      what: "the nesting is deeper than any policy needs",
      fix: "write the policy as docs/policy.md shows it",
      place: placeOf(source, deep, deep + 1),
    });
    return undefined;
  }
  for (const token of tokens) {
    if (token.type === "directive") problems.push(directive(source, token.offset));
  }
  const composer = new Composer({ schema: "failsafe", uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens, true, source.text.length)];
  if (document === undefined) throw new Error("readYaml: the library returned no document");
  if (second !== undefined) problems.push(secondDocument(source, second));
  problems.push(...syntaxProblems(source, document));
  const { contents } = document;
  return contents === null ? undefined : new Planter(source, problems).plant(contents as Node);
}

function syntaxProblems(source: Source, document: Document): Problem[] {
  const byLine = new Map<number, Problem>();
  for (const error of document.errors) {
    const problem = syntaxProblem(source, error, beginOfNodeEndingAt(document, error.pos[0]));
    const line = problem.place?.line ?? 0;
    // What follows a fault on the same line is mostly its echo.
    if (!byLine.has(line)) byLine.set(line, problem);
  }
  return [...byLine.values()];
}

function beginOfNodeEndingAt(document: Document, end: number): number | undefined {
  let begin: number | undefined;
  visit(document, {
    Node(_key, node) {
      if (node.range?.[1] !== end || isAlias(node)) return undefined;
      if (isScalar(node) && !node.type?.startsWith("QUOTE")) return undefined;
      begin = node.range[0];
      return visit.BREAK;
    },
  });
  return begin;
}

function directive(source: Source, offset: number): Problem {
  return {
    code: "yaml-directive",
    severity: "error",
    what: "a line that begins with % is an instruction to the YAML reader",
    fix: "remove it; a policy needs none",
    place: placeOf(source, offset, Number.POSITIVE_INFINITY),
  };
}

function secondDocument(source: Source, second: Document): Problem {
  const start = second.range?.[0] ?? 0;
  return {
    code: "second-document",
    severity: "error",
    what: "a second document begins here, and a policy is one",
    fix: "remove the line ---, or put what follows it into a file of its own",
    place: placeOf(source, start, start + 3),
  };
}

/** Makes a {@link Tree} of the library's nodes; aliases become what they stand for. */
class Planter {
  readonly #source: Source;
  readonly #problems: Problem[];
  readonly #anchored = new Map<string, { readonly tree: Tree; readonly size: number }>();
  #planted = 0;
  #repeated = 0;

  constructor(source: Source, problems: Problem[]) {
    this.#source = source;
    this.#problems = problems;
  }

  plant(node: Node): Tree {
    const before = this.#planted++;
    const place = this.#place(node);
    if (node.tag !== undefined) this.#report("yaml-tag", `${quoted(node.tag)} is a YAML tag, which a policy does not use`, "remove the word that begins with !", place);
    const tree = this.#treeOf(node, place);
    const anchor = isAlias(node) ? undefined : (node as { anchor?: string }).anchor;
    // Known only from its end on, so no anchor can hold itself.
    if (anchor !== undefined) this.#anchored.set(anchor, { tree, size: this.#planted - before });
    return tree;
  }

  #treeOf(node: Node, place: Place): Tree {
    if (isAlias(node)) return this.#repeat(node.source, place);
    if (isScalar(node)) {
      return { kind: "scalar", text: node.source ?? "", quoted: node.type !== "PLAIN" && node.type !== undefined, place };
    }
    if (isSeq(node)) {
      return { kind: "list", items: node.items.map((item) => this.plant(item as Node)), place };
    }
    if (isMap(node)) return { kind: "mapping", entries: this.#entries(node.items), place };
    throw new Error("Planter.treeOf: a node of no known kind");
  }

  #repeat(name: string, place: Place): Tree {
    const anchored = this.#anchored.get(name);
    if (anchored === undefined) {
      return broken("unknown-alias", `no &${name} stands before *${name}`, "write the value itself, or in quotes if the * belongs to it", place);
    }
    this.#repeated += anchored.size;
    if (this.#repeated > MOST_REPEATED) {
      return broken("too-many-aliases", "the aliases of this file repeat too much", "write the values themselves", place);
    }
    this.#planted += anchored.size;
    return anchored.tree;
  }

  #entries(pairs: readonly unknown[]): Entry[] {
    const firsts = new Map<string, Scalar>();
    const entries: Entry[] = [];
    for (const pair of pairs) {
      if (!isPair(pair)) continue;
      const key = this.plant(pair.key as Node);
      if (key.kind !== "scalar") {
        this.#report("not-a-key", "a key is a word, and this is not", "write `key: value`", key.place);
        continue;
      }
      const first = firsts.get(key.text);
      if (first === undefined) firsts.set(key.text, key);
      else this.#report("duplicate-key", `${quoted(key.text)} is here already, on line ${first.place.line}`, "keep one of the two", key.place);
      const value = pair.value === null ? undefined : this.plant(pair.value as Node);
      entries.push({ key, value: value === undefined || isEmpty(value) ? emptyAt(key.place) : value });
    }
    return entries;
  }

  #place(node: Node): Place {
    const [start, end] = node.range ?? [0, 0];
    return placeOf(this.#source, start, end);
  }

  #report(code: string, what: string, fix: string, place: Place): void {
    this.#problems.push({ code, severity: "error", what, fix, place });
  }
}

function broken(code: string, what: string, fix: string, place: Place): Tree {
  return { kind: "broken", place, problem: { code, severity: "error", what, fix, place } };
}

function isEmpty(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.text === "" && !tree.quoted;
}

function emptyAt(place: Place): Scalar {
  return { kind: "scalar", text: "", quoted: false, place };
}
