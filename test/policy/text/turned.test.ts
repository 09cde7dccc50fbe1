import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { turnedByYaml } from "../../../src/policy/text/turned.ts";

test.each([
  ["yes", "true"],
  ["Off", "false"],
  ["y", "true"],
  ["~", "nothing at all"],
  ["123", "a number"],
  ["0o17", "a number"],
  ["0x1F", "a number"],
  ["1e3", "a number"],
  [".5", "a number"],
  ["1_000", "a number"],
  ["-.inf", "a number"],
  ["10:20", "a number of base 60"],
  ["0:0._", "a number of base 60"],
  ["2024-01-31", "a date"],
])("%s is turned into %s", (text, into) => {
  expect(turnedByYaml(text)).toBe(into);
});

test.each([
  "eth0",
  "10s",
  "tcp/22",
  "51000-55000",
  "2001:db8::1",
  "10.0.0.1",
  "yesterday",
  "e1",
  "1e",
  "a:b",
])("%s stays a text", (text) => {
  expect(turnedByYaml(text)).toBeUndefined();
});

test("whatever YAML 1.1 or 1.2 turns into something else is known", () => {
  const text = fc.oneof(
    fc.stringMatching(/^[0-9a-fxo_.:+-]{1,8}$/),
    fc.constantFrom("true", "TRUE", "False", "null", "NULL", "On", "NO", "N", ".NaN", "-.Inf"),
  );
  fc.assert(
    fc.property(text, (plain) => {
      for (const version of ["1.1", "1.2"] as const) {
        const value: unknown = tryParse(plain, version);
        if (typeof value === "string" || typeof value === "object") continue;
        // The library takes "e0" for a number that is none; no YAML says so.
        if (Number.isNaN(value)) continue;
        expect(turnedByYaml(plain), `${plain} is ${String(value)} in ${version}`).toBeDefined();
      }
    }),
    { numRuns: 3000 },
  );
});

function tryParse(text: string, version: "1.1" | "1.2"): unknown {
  try {
    return parse(text, { version, logLevel: "silent" });
  } catch {
    return text;
  }
}
