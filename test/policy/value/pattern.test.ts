import { expect, test } from "vitest";
import { patternUpTo } from "../../../src/policy/value/pattern.ts";

test.each([1, 2, 9, 10, 11, 16, 19, 20, 24, 32, 99, 100, 101, 128, 255, 1000, 1232, 1440, 65_535])(
  "the pattern up to %d takes those numbers and no others",
  (most) => {
    const pattern = new RegExp(`^${patternUpTo(most)}$`);
    const beyond = most * 11 + 20;
    const taken = Array.from({ length: beyond }, (_, number) => number).filter((number) =>
      pattern.test(`${number}`),
    );
    expect(taken).toEqual(Array.from({ length: most }, (_, index) => index + 1));
    for (const text of ["", "0", "01", "-1", "+1", " 1", "1 ", "1.0", "1e0"]) {
      expect(text).not.toMatch(pattern);
    }
  },
);
