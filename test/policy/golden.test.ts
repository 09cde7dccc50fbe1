/**
 * Policies beside what an administrator reads about them; UPDATE=1 writes the latter anew. They
 * are not called .yaml so that no tool puts their faults right.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePolicy } from "../../src/policy/parse.ts";
import { renderProblems } from "../../src/problem/render.ts";

const FOLDER = new URL("golden/", import.meta.url);
const policies = readdirSync(FOLDER).filter((name) => name.endsWith(".policy"));

test.each(policies)(
  "what is said of %s is what stands beside it (UPDATE=1 rewrites it)",
  (name) => {
    const result = parsePolicy(readFileSync(new URL(name, FOLDER), "utf8"), "policy.yaml");
    const shown = renderProblems(result.ok ? [] : result.problems, { colour: false });
    const beside = new URL(name.replace(/\.policy$/, ".txt"), FOLDER);
    if (process.env["UPDATE"] === "1") writeFileSync(beside, `${shown}\n`);
    expect(readFileSync(beside, "utf8")).toBe(`${shown}\n`);
  },
);
