/** The published description of a policy is that of the parser. UPDATE=1 writes it anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BAN, DOOR, POLICY, SEQUENCE, SIGNED, TOKEN } from "../../src/policy/keys.ts";
import { printInline, printSchema, withTables } from "../../src/policy/reference.ts";
import { sourceOf } from "../../src/policy/text/source.ts";
import { readYaml } from "../../src/policy/text/yaml.ts";
import type { Problem } from "../../src/problem/problem.ts";

const SCHEMA = new URL("../../docs/policy.schema.json", import.meta.url);
const REFERENCE = new URL("../../docs/policy.md", import.meta.url);
const UPDATE = process.env["UPDATE"] === "1";

test("docs/policy.schema.json is what the parser reads (UPDATE=1 rewrites it)", () => {
  if (UPDATE) writeFileSync(SCHEMA, printSchema());
  expect(readFileSync(SCHEMA, "utf8")).toBe(printSchema());
});

test("the tables of docs/policy.md are what the parser reads (UPDATE=1 rewrites them)", () => {
  if (UPDATE) writeFileSync(REFERENCE, withTables(readFileSync(REFERENCE, "utf8")));
  const written = readFileSync(REFERENCE, "utf8");
  expect(written).toBe(withTables(written));
});

test("a reference without a place for the tables is our own mistake", () => {
  expect(() => withTables("# The policy file")).toThrow("withTables");
});

const KEYS = [POLICY, DOOR, SEQUENCE, SIGNED, TOKEN, BAN].flatMap(({ words, keys }) =>
  Object.entries(keys).map(([name, key]) => ({ title: `\`${name}\` of ${words.name}`, key })),
);

test.each(KEYS)("the example of $title can be read", ({ key }) => {
  const problems: Problem[] = [];
  const { tree } = readYaml(sourceOf(printInline(key.example), "example"));
  expect(tree && key.shape.read(tree, problems)).toBeDefined();
  expect(problems).toEqual([]);
});

test.each(KEYS.filter(({ key }) => key.absent.kind === "default"))(
  "the default of $title, as it is written, means the value that is taken",
  ({ key: { shape, absent } }) => {
    if (absent.kind !== "default") throw new Error("filtered above");
    const { tree } = readYaml(sourceOf(printInline(absent.written), "default"));
    expect(tree && shape.read(tree, [])).toEqual(absent.value);
  },
);

test("every key says what it means in a clause, not a sentence with a full stop", () => {
  for (const { key } of KEYS) expect(key.meaning).not.toMatch(/\.$/);
});
