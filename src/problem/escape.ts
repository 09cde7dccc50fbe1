/**
 * Outside text on its way to a terminal: what would move the cursor, change colours, hide, or
 * turn the direction of writing is shown as an escape instead.
 */

/** Control and format characters, lone surrogates, line separators, and spaces but the usual one. */
const UNPRINTABLE = /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Zs}]/gu;

/** The text with every such character as `\n`, `\r`, `\t`, `\x1b` or `\u{202e}`. */
export function escapeControl(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf);
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return NAMED.get(character) ?? (code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`);
}
