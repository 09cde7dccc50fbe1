import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearest } from "../../src/policy/nearest.ts";

const KEYS = [
  "protects",
  "open-for",
  "single-use",
  "refuse",
  "destinations",
  "session-idle",
  "sequence",
];

test.each([
  ["protect", "protects"],
  ["Protects", "protects"],
  ["port", undefined],
  ["open_for", "open-for"],
  ["openfor", "open-for"],
  ["opne-for", "open-for"],
  ["sequense", "sequence"],
  ["seqence", "sequence"],
  ["destination", "destinations"],
  ["x", undefined],
  ["", undefined],
  ["protects".repeat(1000), undefined],
])("%j means %j", (typed, meant) => {
  expect(nearest(typed, KEYS)).toBe(meant);
});

test("between two that are as near, the first is meant", () => {
  expect(nearest("toq", ["top", "ton"])).toBe("top");
});

test.each([
  ["", "", 0],
  ["abc", "", 3],
  ["kitten", "sitting", 3],
  ["ab", "ba", 1],
  ["watch", "wathc", 1],
])("from %j to %j it takes %d changes", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});

test("the way back is as long, and only the same word is no way off", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
