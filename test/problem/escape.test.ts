import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeControl } from "../../src/problem/escape.ts";

test.each([
  ["a line feed", "a\nb", "a\\nb"],
  ["a tab", "a\tb", "a\\tb"],
  ["a carriage return", "a\rb", "a\\rb"],
  ["NUL", "\0", "\\x00"],
  ["the escape that begins a colour", "\u001b[31m", "\\x1b[31m"],
  ["delete", "\u007f", "\\x7f"],
  ["the one-byte form of that escape", "\u009b31m", "\\x9b31m"],
  ["next line", "\u0085", "\\x85"],
  ["a line separator", "\u2028", "\\u{2028}"],
  ["a turn of the direction of writing", "\u202Egnp.exe", "\\u{202e}gnp.exe"],
  ["an isolated direction", "\u2066x\u2069", "\\u{2066}x\\u{2069}"],
  ["a space without width", "l\u200Bo", "l\\u{200b}o"],
  ["a space that does not break", "a\u00A0b", "a\\xa0b"],
  ["a soft hyphen", "a\u00ADb", "a\\xadb"],
  ["a byte order mark", "\uFEFF", "\\u{feff}"],
  ["half of a surrogate pair", "\uD800", "\\u{d800}"],
  ["an invisible tag", "\u{E0041}", "\\u{e0041}"],
])("%s is shown as an escape", (_name, text, shown) => {
  expect(escapeControl(text)).toBe(shown);
});

test.each(["plain text", "Grüße, 世界", "наблюдатель", "مرحبا", "😀", "é", 'C:\\temp "x" #1'])(
  "%s stays as it is",
  (text) => {
    expect(escapeControl(text)).toBe(text);
  },
);

test("nothing that moves a cursor is left of any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(escapeControl(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test("what is escaped once is not escaped again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const once = escapeControl(text);
      expect(escapeControl(once)).toBe(once);
    }),
  );
});
