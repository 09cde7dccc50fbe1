/**
 * The YAML library's complaints in this program's words, marked where the fault begins
 * rather than where the library noticed it.
 */
import type { ErrorCode, YAMLError } from "yaml";
import type { Problem } from "../../problem/problem.ts";
import { placeOf, type Source } from "./source.ts";

interface Words {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

/** `begin` is where the thing that ends at the complaint began, where that is known. */
export function syntaxProblem(source: Source, error: YAMLError, begin: number | undefined): Problem {
  const words = wordsFor(error);
  const unclosed = words.code.startsWith("unclosed") && begin !== undefined;
  const [start, end] = unclosed ? [begin, begin + 1] : error.pos;
  return { ...words, severity: "error", place: placeOf(source, start, Math.max(end, start + 1)) };
}

function wordsFor(error: YAMLError): Words {
  const { code, message } = error;
  const special = SPECIAL.find(([pattern]) => pattern.test(message));
  if (special !== undefined) return special[1];
  return (
    BY_CODE[code] ?? {
      code: "not-yaml",
      what: "this is not YAML",
      fix: "write `key: value`, one a line, inner ones indented by two spaces",
    }
  );
}

const LIST_UNCLOSED: Words = {
  code: "unclosed-list",
  what: "this list is never closed",
  fix: "write ] after its last item, on this line or indented deeper than it",
};

const SPECIAL: readonly (readonly [RegExp, Words])[] = [
  [/^Flow sequence .*end with a \]/i, LIST_UNCLOSED],
  [
    /^Flow map .*end with a \}/i,
    {
      code: "unclosed-mapping",
      what: "this { is never closed",
      fix: "write } after its last value, on this line or indented deeper than it",
    },
  ],
  [
    /^Missing closing/,
    {
      code: "unclosed-quote",
      what: "this quote is never closed",
      fix: "write the same quote again after the text",
    },
  ],
  [
    /followed by map values/,
    {
      code: "missing-colon",
      what: "this is no key, for no colon and space follow",
      fix: "write `key: value`, with a space after the colon",
    },
  ],
  [
    /^Missing , |^Missing space after :/,
    {
      code: "missing-comma",
      what: "a comma or a colon is missing here",
      fix: "write a comma between two items, and a colon and a space between a key and its value",
    },
  ],
  [
    /^Comments must be separated/,
    {
      code: "missing-space",
      what: "a comment begins right after something else",
      fix: "write a space before #",
    },
  ],
  [
    /^Unexpected (,|empty item)/,
    {
      code: "extra-comma",
      what: "there is nothing between this comma and the one before",
      fix: "remove the comma, or write the item that is missing",
    },
  ],
  [
    /^Unexpected block-seq-ind/,
    {
      code: "list-on-key-line",
      what: "a list of lines that begin with - cannot begin on the line of its key",
      fix: "begin the list on the next line, or write [ITEM, ITEM]",
    },
  ],
  [
    /^Unexpected flow-(seq|map)-end/,
    {
      code: "extra-bracket",
      what: "this bracket closes nothing",
      fix: "remove it, or write the one that opens",
    },
  ],
  [
    /^Unexpected .* at node end/,
    {
      code: "trailing-text",
      what: "the value has ended before this",
      fix: "remove it, or write a comma and put both into a list [ITEM, ITEM]",
    },
  ],
];

const INDENTATION: Words = {
  code: "bad-indentation",
  what: "this line begins in another column than its neighbours",
  fix: "begin keys that belong together in the same column",
};

const BY_CODE: Partial<Record<ErrorCode, Words>> = {
  BAD_INDENT: INDENTATION,
  MULTILINE_IMPLICIT_KEY: INDENTATION,
  BLOCK_AS_IMPLICIT_KEY: {
    code: "second-colon",
    what: "a second key begins inside this value",
    fix: "put each key on a line of its own, those that belong together in the same column",
  },
  TAB_AS_INDENT: {
    code: "tab-indentation",
    what: "this line is indented with a tab",
    fix: "indent with spaces",
  },
  BAD_SCALAR_START: {
    code: "needs-quotes",
    what: "text cannot begin with this character unless it is in quotes",
    fix: "put the text in quotes",
  },
  BAD_DQ_ESCAPE: {
    code: "bad-escape",
    what: "YAML does not know this escape",
    fix: "write \\\\ for a backslash, or use single quotes",
  },
  BLOCK_IN_FLOW: {
    code: "bad-indentation",
    what: "lines that begin with - or a key cannot stand inside brackets",
    fix: "write everything inside the brackets with commas, or nothing in brackets",
  },
  KEY_OVER_1024_CHARS: {
    code: "long-key",
    what: "this key is longer than 1024 characters",
    fix: "write one of the keys that docs/policy.md names",
  },
};
