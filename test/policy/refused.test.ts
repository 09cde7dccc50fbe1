/** The tables of refused policies: every problem, its place and its remedy. */
import { describe, expect, test } from "vitest";
import { CODES } from "../../src/policy/codes.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { profiles } from "../client/profile/refused-profiles.ts";
import { carriers } from "./refused/carriers.ts";
import { interfaces } from "./refused/interfaces.ts";
import { expectRefused } from "./refused/judge.ts";
import type { Refused } from "./refused/row.ts";
import { signedKnocks } from "./refused/signed.ts";
import { structure } from "./refused/structure.ts";
import { values } from "./refused/values.ts";
import { yaml } from "./refused/yaml.ts";

const tables: Readonly<Record<string, readonly Refused[]>> = {
  ...values,
  ...carriers,
  ...interfaces,
  ...signedKnocks,
  ...structure,
  ...yaml,
};

function problemsOf(text: string): readonly Problem[] {
  const result = parsePolicy(text, "policy.yaml");
  return result.ok ? [] : result.problems;
}

describe.each(Object.entries(tables))("%s", (_name, rows) => {
  test.each(rows)("refused: $claim", (row) => expectRefused(row, problemsOf));
});

/** Those that take a text too large for a table. */
const tooLarge: readonly Refused[] = [
  {
    claim: "a file of more than 1 MiB",
    policy: `#${"x".repeat(1024 * 1024)}`,
    says: ["too-large"],
  },
  {
    claim: "the same in characters of two bytes",
    policy: `#${"é".repeat(600_000)}`,
    says: ["too-large"],
  },
  { claim: "lists in lists in lists", policy: "[".repeat(100_000), says: ["too-deep"] },
  { claim: "dashes after dashes", policy: "- ".repeat(100_000), says: ["too-deep"] },
  { claim: "mappings in mappings", policy: "{a: ".repeat(50_000), says: ["too-deep"] },
  { claim: "keys that are keys of keys", policy: "? ".repeat(50_000), says: ["too-deep"] },
];

test.each(tooLarge)("refused: $claim", ({ policy, says }) => {
  expect(problemsOf(policy).map(({ code }) => code)).toEqual(says);
});

test("aliases of aliases of aliases are refused before they fill the memory", () => {
  const letters = "abcdefgh";
  const levels = Array.from(letters, (letter, index) => {
    const before = letters[index - 1];
    const items = new Array<string>(10).fill(before === undefined ? "x" : `*${before}`);
    return `${letter}: &${letter} [${items.join(", ")}]`;
  });
  const policy = `${levels.join("\n")}\ndoors: { ssh: { protects: *h } }`;
  expect(problemsOf(policy).map(({ code }) => code)).toContain("too-many-aliases");
});

test("every code of a problem has an example", () => {
  const shown = [...Object.values(tables).flat(), ...profiles].flatMap(({ says }) =>
    says.map((words) => words.split(": ", 1)[0]),
  );
  const elsewhere = [
    "too-large",
    "too-deep",
    "too-many-aliases",
    "not-a-client-name",
    "not-a-key-text",
    "not-an-enrolment",
  ];
  const known: readonly string[] = CODES;
  expect(known.filter((code) => ![...shown, ...elsewhere].includes(code))).toEqual([]);
});
