import fc from "fast-check";
import { expect, test } from "vitest";
import { headOf, tailOf, widthOf } from "../../src/problem/width.ts";

test.each([
  ["", 0],
  ["abc", 3],
  ["é", 1],
  ["e\u0301", 1],
  ["漢字", 4],
  ["한글", 4],
  ["かな", 4],
  ["ＡＢ", 4],
  ["😀", 2],
  ["→", 1],
])("%s takes its columns", (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

test("a head and a tail fit, are of the text, and cut no character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, columns) => {
      const [head, tail] = [headOf(text, columns), tailOf(text, columns)];
      expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
      expect(widthOf(head)).toBeLessThanOrEqual(columns);
      expect(widthOf(tail)).toBeLessThanOrEqual(columns);
      expect(head + tail).not.toMatch(/\p{Cs}/u);
    }),
  );
});

test("what fits is left whole", () => {
  expect(headOf("漢字", 4)).toBe("漢字");
  expect(tailOf("漢字", 4)).toBe("漢字");
  expect(headOf("漢字", 3)).toBe("漢");
  expect(tailOf("漢字", 3)).toBe("字");
});
