import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLiteral, listMatches, patternsOf } from "../../src/signed/patterns.ts";

const matches = (list: string, name: string) => listMatches(patternsOf(list), name);

describe("a list of patterns", () => {
  test.each([
    ["ana", "ana"],
    ["bob,ana", "ana"],
    ["*", "ana"],
    ["*", ""],
    ["a*", "a"],
    ["*@example.com", "ana@example.com"],
    ["a*a*a", "aaa"],
    ["a*b*c", "aXbXbXc"],
    ["*a*", "bab"],
    ["??a", "ana"],
    ["a?*", "an"],
    ["*,!bob", "ana"],
    ["!bob,ana", "ana"],
    ["!!ana,*", "ana"],
    ["!*x,ana", "ana"],
    ["", ""],
    ["**", "x"],
    ["\u00e4", "\u00e4"],
    ["??", "\u00e4"],
    ["[a]", "[a]"],
    ["a.c", "a.c"],
  ])("%s takes %s", (list, name) => {
    expect(matches(list, name)).toBe(true);
  });

  test.each([
    ["ana", "Ana"],
    ["ana", "anan"],
    ["ana", "an"],
    ["a*", "ba"],
    ["a*a", "a"],
    ["a*b*c", "aXcXb"],
    ["?", ""],
    ["?", "ab"],
    ["?", "\u00e4"],
    ["*,!ana", "ana"],
    ["!ana,*", "ana"],
    ["!bob", "ana"],
    ["ana,!a*", "ana"],
    ["", "ana"],
    ["[a]", "a"],
    ["a.c", "abc"],
    ["*a?", "a"],
    ["ab*ba", "aba"],
  ])("%s does not take %s", (list, name) => {
    expect(matches(list, name)).toBe(false);
  });

  test("takes what the same pattern as a regular expression takes", () => {
    const signs = fc.array(fc.constantFrom("a", "b", "?", "*"), { maxLength: 8 });
    const letters = fc.array(fc.constantFrom("a", "b"), { maxLength: 8 });
    fc.assert(
      fc.property(signs, letters, (pattern, name) => {
        const form = pattern.map((sign) => sign.replace("?", ".").replace("*", ".*")).join("");
        const isTaken = new RegExp(`^${form}$`).test(name.join(""));
        expect(matches(pattern.join(""), name.join(""))).toBe(isTaken);
      }),
      { numRuns: 3000 },
    );
  });

  test("is looked at in no time, whatever it is", () => {
    const started = process.cpuUsage();
    expect(matches(`${"a*".repeat(500)}b`, "a".repeat(5000))).toBe(false);
    const { user } = process.cpuUsage(started);
    expect(user).toBeLessThan(2_000_000);
  });

  test("names somebody only where nothing stands for something else", () => {
    const names = patternsOf("a*,!b,c?,,dora").filter(isLiteral);
    expect(names.map(({ text }) => text)).toEqual(["dora"]);
  });
});
