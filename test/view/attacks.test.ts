/** docs/attacks.md claims nothing that no test tries. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const PAGE = readFileSync("docs/attacks.md", "utf8");
const ROWS = PAGE.split("\n").filter((line) => /^\| (?!attack|event)/.test(line));
const CLAIMS = [...PAGE.matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)].map(([, title = "", file = ""]) => ({
  title,
  file: join("docs", file),
}));

test.each(CLAIMS)("$title is a test in $file", ({ title, file }) => {
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, "utf8")).toContain(title);
});

describe("every row", () => {
  test.each(ROWS)("%s names a test, or says in bold what is not prevented", (row) => {
    expect(row).toMatch(/\]\(\.\.\/test\/.*\.test\.ts\) \|$|\*\*.+\*\*/);
  });
});
