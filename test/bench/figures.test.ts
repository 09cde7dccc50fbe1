/** What README and docs quote as measured is in the results, to the digits that are quoted. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** docs/performance.md is made of the results; see page.test.ts. */
const PAGES = ["README.md", ...readdirSync("docs").map((name) => join("docs", name))].filter(
  (path) => path.endsWith(".md") && path !== "docs/performance.md",
);
const MEASURED = /\d ?(?:ns|us|µs|ms|MiB|Gbit\/s)\b/;
/** The lines below it have figures of the file; those after `also` are none. */
const MARK = /^<!-- figures: (?<file>\S+?)(?:; also (?<also>[\d., ]+))? -->$/;
/** What it says is set, and not measured. */
const NO_MARK = "<!-- set, not measured -->";

interface Block {
  readonly page: string;
  /** Its first line, where that is a comment. */
  readonly mark: string;
  readonly text: string;
}

/** Paragraphs, tables and lists, without code. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(page, "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
  return text.split(/\n\s*\n/).map((block) => {
    const [, mark = "", rest = ""] = /^(<!-- .* -->)?\s*([\s\S]*)$/.exec(block.trim()) ?? [];
    return { page, mark, text: rest };
  });
}

const BLOCKS = PAGES.flatMap(blocksOf);
const MARKED = BLOCKS.flatMap(({ mark, ...block }) => {
  const { file, also = "" } = MARK.exec(mark)?.groups ?? {};
  return file === undefined ? [] : [{ ...block, file, also: also.split(", ") }];
});

/** As they are written, without those in code, in links and in dates. */
function numbersIn(text: string): string[] {
  const plain = text.replaceAll(/`[^`]*`|\]\([^)]*\)/g, "").replaceAll(/\d{4}-\d{2}-\d{2}/g, "");
  return (plain.match(/(?<![\w.])\d[\d,]*(?:\.\d+)?/g) ?? []).map((number) =>
    number.replace(/,$/, ""),
  );
}

function everyNumber(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(everyNumber);
}

/** Rounded to as many digits as are quoted it is the same. */
function isQuoted(number: string, measured: number): boolean {
  const plain = number.replaceAll(",", "");
  const decimals = plain.split(".")[1]?.length ?? 0;
  const zeros = decimals === 0 ? (/0*$/.exec(plain)?.[0].length ?? 0) : 0;
  const unit = 10 ** (zeros - decimals);
  return Math.abs(Number(plain) - measured) <= unit / 2 + 1e-9;
}

describe.each(MARKED)("in $page: $text", ({ text, file, also }) => {
  const measured = everyNumber(JSON.parse(readFileSync(file, "utf8")));

  test.each(numbersIn(text).filter((number) => !also.includes(number)))(
    "%s was measured",
    (number) => {
      expect(measured.some((value) => isQuoted(number, value))).toBe(true);
    },
  );
});

test.each(BLOCKS.filter(({ text }) => MEASURED.test(text)))(
  "in $page it is said where this is from: $text",
  ({ mark }) => {
    expect(mark === NO_MARK || MARK.test(mark)).toBe(true);
  },
);
