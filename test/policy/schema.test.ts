/** The published JSON Schema, judged by a validator that knows nothing of this program. */
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parsePolicy } from "../../src/policy/parse.ts";
import { printSchema } from "../../src/policy/reference.ts";
import { spoiltText, validPolicy } from "./arbitrary.ts";
import { interfaces } from "./refused/interfaces.ts";
import type { Refused } from "./refused/row.ts";
import { values } from "./refused/values.ts";

// In strict mode a keyword that the draft does not know is an error.
const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(
  JSON.parse(printSchema()),
);

test("the schema accepts what is valid by construction", () => {
  fc.assert(
    fc.property(validPolicy, (policy) => {
      expect(validate(policy), JSON.stringify(validate.errors)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("the schema never refuses what the parser accepts", () => {
  fc.assert(
    fc.property(spoiltText, (text) => {
      if (!parsePolicy(text, "policy.yaml").ok) return;
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    }),
    { numRuns: 800 },
  );
});

/** What only arithmetic shows, or the text behind what YAML makes of it. */
const HIDDEN_FROM_SCHEMA = [
  ...["backwards-range", "host-bits", "not-an-address", "mapped-address"],
  ...["trusts-everybody", "repeated-item", "loopback", "turned-by-yaml", "not-a-boolean"],
  ...["contradicting-items", "yaml-instruction"],
];
const visible: Refused[] = Object.values({ ...values, ...interfaces })
  .flat()
  .filter(
    ({ says }) => !says.some((words) => HIDDEN_FROM_SCHEMA.includes(words.split(":")[0] ?? "")),
  )
  .filter(({ policy }) => typeof parse(/«(.*?)»/.exec(policy)?.[1] ?? "") !== "number");

test.each(visible)("the schema refuses it, too: $claim", ({ policy }) => {
  expect(validate(parse(policy.replaceAll(/[«»]/g, "")))).toBe(false);
});
