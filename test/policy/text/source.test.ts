import { expect, test } from "vitest";
import { placeOf, sourceOf } from "../../../src/policy/text/source.ts";

const SOURCE = sourceOf("one\r\n\n  three: 3", "f");

test.each([
  ["the first character", 0, 1, { line: 1, column: 1, length: 1, text: "one" }],
  ["several", 1, 3, { line: 1, column: 2, length: 2, text: "one" }],
  ["what stands on the last line", 8, 13, { line: 3, column: 3, length: 5, text: "  three: 3" }],
  ["what begins at a line break", 3, 5, { line: 1, column: 4, length: 1, text: "one" }],
  ["an empty line", 5, 6, { line: 2, column: 1, length: 1, text: "" }],
  [
    "what spans lines is marked on the first",
    1,
    13,
    { line: 1, column: 2, length: 2, text: "one" },
  ],
  ["the end of the file", 16, 16, { line: 3, column: 11, length: 1, text: "  three: 3" }],
  [
    "what is past the end of the file",
    99,
    100,
    { line: 3, column: 11, length: 1, text: "  three: 3" },
  ],
])("%s", (_name, start, end, place) => {
  expect(placeOf(SOURCE, start, end)).toEqual({ file: "f", ...place });
});

test("an empty text has one empty line", () => {
  expect(placeOf(sourceOf("", "f"), 0, 0)).toMatchObject({ line: 1, column: 1, text: "" });
});
