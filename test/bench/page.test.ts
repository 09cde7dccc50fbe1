/** The page of figures says what was measured, and nothing else. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pagesOf } from "../../bench/compare/page/page.ts";
import { readResults } from "../../bench/compare/page/write.ts";

const PAGES = Object.entries(pagesOf(readResults()));

test.each(PAGES)("docs/%s is what the results become", (path, text) => {
  const file = join("docs", path);
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("no figure is missing", () => {
  for (const [, text] of PAGES) expect(text).not.toMatch(/NaN|undefined|Infinity/);
});
