import { expect, test } from "vitest";
import { part, quoted } from "../../../src/policy/value/written.ts";
import type { Place } from "../../../src/problem/problem.ts";

function place(text: string, raw: string): Place {
  return { file: "f", line: 1, column: text.indexOf(raw) + 1, length: raw.length, text };
}

test("a part of a plain text has a place of its own", () => {
  const written = { text: "tcp/22", place: place("  - tcp/22", "tcp/22") };
  expect(part(written, 4, 6)).toEqual({
    text: "22",
    place: { ...written.place, column: 9, length: 2 },
  });
});

test("a part of a text in quotes is counted from inside the quotes", () => {
  const written = { text: "tcp/22", place: place('  - "tcp/22"', '"tcp/22"') };
  expect(part(written, 4, 6).place).toMatchObject({ column: 10, length: 2 });
});

test("a part of a text with escapes has the place of the whole", () => {
  const written = { text: "tcp/22", place: place('  - "tcp\\x2f22"', '"tcp\\x2f22"') };
  expect(part(written, 4, 6)).toEqual({ text: "22", place: written.place });
});

test("a part in which nothing is has the place of the whole", () => {
  const written = { text: "tcp/", place: place("  - tcp/", "tcp/") };
  expect(part(written, 4, 4).place).toEqual(written.place);
});

test("a part of what stands nowhere stands nowhere", () => {
  expect(part({ text: "tcp/22" }, 4, 6)).toEqual({ text: "22" });
});

test("a long text is quoted in part", () => {
  expect(quoted("a".repeat(60))).toBe(`"${"a".repeat(60)}"`);
  expect(quoted("a".repeat(61))).toBe(`"${"a".repeat(57)}…"`);
});
