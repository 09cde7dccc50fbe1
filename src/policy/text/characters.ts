/**
 * What is wrong with a policy before it is YAML: too large, not UTF-8, or with characters in
 * it that show something else than what is read.
 */
import type { Problem } from "../../problem/problem.ts";
import { problemAt } from "../value/written.ts";
import { lineAt, placeOf, type Source } from "./source.ts";

const LARGEST_BYTES = 1024 * 1024;

interface CharacterCheck {
  readonly problems: readonly Problem[];
  /** Whether it is pointless to read on. */
  readonly unreadable: boolean;
}

export function checkCharacters(source: Source): CharacterCheck {
  const { text } = source;
  if (text.length > LARGEST_BYTES || Buffer.byteLength(text) > LARGEST_BYTES) {
    const what = "this file is larger than 1 MiB, and no policy is";
    return unreadable(problemAt(placeOf(source, 0, 0), "too-large", what, "name the policy file"));
  }
  const foreign = text.search(/[\0\uFFFD]/);
  if (foreign !== -1) {
    const what = "this file is not UTF-8 text";
    return unreadable(
      problemAt(placeOf(source, foreign, foreign + 1), "not-utf-8", what, "save it as UTF-8"),
    );
  }
  return { problems: [...byteOrderMark(source), ...hidden(source)], unreadable: false };
}

function unreadable(problem: Problem): CharacterCheck {
  return { problems: [problem], unreadable: true };
}

function byteOrderMark(source: Source): Problem[] {
  if (!source.text.startsWith("\uFEFF")) return [];
  const what = "this file begins with a byte order mark";
  return [
    problemAt(
      placeOf(source, 0, 1),
      "byte-order-mark",
      what,
      "save it as UTF-8 without a byte order mark",
    ),
  ];
}

/** Control characters, and those that make text run backwards: the first of each line. */
function hidden(source: Source): Problem[] {
  const problems: Problem[] = [];
  let reported = 0;
  for (const match of source.text.matchAll(HIDDEN)) {
    const line = lineAt(source, match.index);
    if (line === reported) continue;
    reported = line;
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const place = placeOf(source, match.index, match.index + match[0].length);
    const what = `the character U+${code} stands here, which does not show`;
    problems.push(problemAt(place, "hidden-character", what, "remove it"));
  }
  return problems;
}

/** Line feeds, tabs, and carriage returns before a line feed are what they seem. */
const HIDDEN =
  /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069](?<!\r(?=\n))|(?!^)\uFEFF/gu;
