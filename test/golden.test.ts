/**
 * Policies beside the rules that they become: a plain diff shows what a change to the compiler
 * does. `UPDATE=1 npx vitest run test/golden.test.ts` writes the rules anew; look at the diff.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { printNftables } from "../src/backend/nftables/index.ts";
import { readExamples, readGoldens } from "./setup/goldens.ts";
import { programOf } from "./setup/policy.ts";

const UPDATE = process.env["UPDATE"] === "1";

describe.each(readGoldens())("golden/$name", ({ policy, rules }) => {
  const printed = printNftables(programOf(policy));
  if (UPDATE) writeFileSync(rules, printed);

  test("the policy becomes the rules beside it", () => {
    expect(printed).toBe(readFileSync(rules, "utf8"));
  });
});

test.each(readExamples())("examples/$name becomes rules, the same each time", ({ policy }) => {
  const printed = printNftables(programOf(policy));
  expect(printed).toContain("table inet postern {");
  expect(printNftables(programOf(policy))).toBe(printed);
});

/** Every line that an administrator reads in an editor or a mail. */
test.each(readGoldens())("golden/$name is plain text that ends in a line break", ({ rules }) => {
  const text = readFileSync(rules, "utf8");
  expect(text).toMatch(/^[\x20-\x7e\n]*\n$/);
  expect(text.split("\n").filter((line) => line !== line.trimEnd())).toEqual([]);
});
