/** Patterns for the JSON Schema, which can only tell a number inside a text by its digits. */

/** A pattern for the numbers from 1 to `most`, without leading zeros. */
export function patternUpTo(most: number): string {
  const digits = String(most);
  const shorter = digits.length === 1 ? [] : [`[1-9]${anyDigits(0, digits.length - 2)}`];
  const sameLength = Array.from(digits, (_, index) => smallerFrom(digits, index));
  return `(${[...shorter, ...sameLength.flat(), digits].join("|")})`;
}

/** The numbers that are as long as `digits`, and smaller from the digit at `index` on. */
function smallerFrom(digits: string, index: number): string[] {
  const least = index === 0 ? 1 : 0;
  const most = Number(digits[index]) - 1;
  if (most < least) return [];
  const rest = digits.length - 1 - index;
  const range = least === most ? `${least}` : `[${least}-${most}]`;
  return [`${digits.slice(0, index)}${range}${anyDigits(rest, rest)}`];
}

function anyDigits(least: number, most: number): string {
  if (most === 0) return "";
  if (least === 0 && most === 1) return "\\d?";
  if (most === least) return most === 1 ? "\\d" : `\\d{${most}}`;
  return `\\d{${least},${most}}`;
}
