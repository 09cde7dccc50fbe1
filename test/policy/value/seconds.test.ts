import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSeconds, printSeconds } from "../../../src/policy/value/seconds.ts";

test.each([
  ["1s", 1],
  ["90s", 90],
  ["2m", 120],
  ["24h", 86_400],
  ["1440m", 86_400],
  ["86400s", 86_400],
])("%s is %d seconds", (text, seconds) => {
  expect(parseSeconds({ text })).toEqual({ ok: true, value: seconds });
});

test.each([
  "86401s",
  "1441m",
  "25h",
  "0s",
  "-1s",
  "1",
  "s",
  "",
  "1 s",
  "1S",
  "1s\n",
  "1h1m",
  "1e1s",
  "٣s",
])("%j is no duration", (text) => {
  expect(parseSeconds({ text }).ok).toBe(false);
});

test.each([
  [0, "0s"],
  [1, "1s"],
  [60, "1m"],
  [90, "90s"],
  [3600, "1h"],
  [5400, "90m"],
  [86_400, "24h"],
])("%d seconds are printed as %s", (seconds, text) => {
  expect(printSeconds(seconds)).toBe(text);
});

test("what is printed parses back to itself", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_400 }), (seconds) => {
      expect(parseSeconds({ text: printSeconds(seconds) })).toEqual({ ok: true, value: seconds });
    }),
  );
});

test("a remedy that names a duration names one that is right", () => {
  const count = fc.integer({ min: 0, max: 200 });
  const unit = fc.constantFrom(
    "",
    "s",
    " s",
    "sec",
    "m",
    "min",
    " minutes",
    "h",
    "H",
    "d",
    "days",
    "ms",
  );
  const text = fc
    .array(fc.tuple(count, unit), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.flat().join(""));
  fc.assert(
    fc.property(text, (written) => {
      const result = parseSeconds({ text: written });
      const named = result.ok
        ? undefined
        : /^write (\d+[smh])$/.exec(result.problems[0]?.fix ?? "");
      if (named?.[1] !== undefined) expect(parseSeconds({ text: named[1] }).ok).toBe(true);
    }),
  );
});
