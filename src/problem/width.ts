/** How many columns of a terminal a text takes, as well as that can be known. */

const ZERO = /^[\p{Mn}\p{Me}]$/u;
const WIDE =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]$/u;

/** Combining marks take none, East Asian characters and emoji two, all others one. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/** As much of the text's beginning as fits into so many columns. */
export function headOf(text: string, columns: number): string {
  let width = 0;
  let head = "";
  for (const character of text) {
    width += widthOfCharacter(character);
    if (width > columns) break;
    head += character;
  }
  return head;
}

/** As much of the text's end as fits into so many columns. */
export function tailOf(text: string, columns: number): string {
  let width = 0;
  let start = text.length;
  for (const character of Array.from(text).reverse()) {
    width += widthOfCharacter(character);
    if (width > columns) break;
    start -= character.length;
  }
  return text.slice(start);
}

function widthOfCharacter(character: string): number {
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
