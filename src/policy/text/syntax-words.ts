/** What the YAML library complains about, and what to do, in this program's words. */
import type { ErrorCode, YAMLError } from "yaml";
import type { Code } from "../codes.ts";

export interface Words {
  readonly code: Code;
  readonly what: string;
  readonly fix: string;
}

/** By the message where the library has one code for many things, else by the code. */
export function wordsFor({ code, message }: YAMLError): Words {
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? BY_CODE[code] ?? NOT_YAML;
}

const NOT_YAML: Words = {
  code: "not-yaml",
  what: "this is not YAML",
  fix: "write `key: value`, one a line, inner ones indented by two spaces",
};

export const MISSING_COLON: Words = {
  code: "missing-colon",
  what: "no colon and space follow, as they do after a key",
  fix: "write `key: value`",
};

const BY_MESSAGE: readonly (readonly [RegExp, Words])[] = [
  [
    /^Flow sequence .*end with a \]/,
    {
      code: "unclosed-list",
      what: "this list is never closed",
      fix: "write ] after its last item",
    },
  ],
  [
    /^Flow map .*end with a \}/,
    {
      code: "unclosed-mapping",
      what: "this { is never closed",
      fix: "write } after its last value",
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
  [/followed by map values/, MISSING_COLON],
  [
    /^Missing (, |space after :)/,
    {
      code: "missing-comma",
      what: "a comma or a space after a colon is missing here",
      fix: "write [ITEM, ITEM] or { key: value, key: value }",
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
      what: "nothing stands before this comma",
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
    /^Unexpected flow-(seq|map)-end|^Unexpected [\]}]/,
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
      fix: "remove it, or write several values as [ITEM, ITEM]",
    },
  ],
];

const INDENTATION: Words = {
  code: "bad-indentation",
  what: "this line begins in another column than those it belongs to",
  fix: "begin keys that belong together, or the - of a list, in the same column",
};

const INSTRUCTION: Words = {
  code: "yaml-instruction",
  what: "this is an instruction to the YAML reader",
  fix: "remove it; a policy needs none",
};

const BY_CODE: Partial<Record<ErrorCode, Words>> = {
  BAD_INDENT: INDENTATION,
  MULTILINE_IMPLICIT_KEY: INDENTATION,
  BAD_DIRECTIVE: INSTRUCTION,
  TAG_RESOLVE_FAILED: INSTRUCTION,
  BLOCK_AS_IMPLICIT_KEY: {
    code: "second-colon",
    what: "a second key begins inside this value",
    fix: "put each key on a line of its own, or the text in quotes if its colon belongs to it",
  },
  TAB_AS_INDENT: {
    code: "tab-indentation",
    what: "this line is indented with a tab",
    fix: "indent with spaces",
  },
  BAD_SCALAR_START: {
    code: "needs-quotes",
    what: "a text without quotes cannot begin with this character",
    fix: "put the text in quotes",
  },
  BAD_DQ_ESCAPE: {
    code: "bad-escape",
    what: "YAML does not know this escape",
    fix: "write \\\\ for a backslash, or use single quotes",
  },
  BLOCK_IN_FLOW: {
    code: "block-in-brackets",
    what: "lines that begin with - or a key cannot stand inside brackets",
    fix: "write [ITEM, ITEM] or { key: value, key: value }",
  },
};
