/** Numbers that people think of when they need a port. */

/** Whether a port is one of those; how many others are like it decides whether somebody guesses. */
export function isMemorable(port: number): boolean {
  const text = `${port}`;
  return (
    isRound(port) ||
    isDigitRun(text) ||
    isPalindrome(text) ||
    isDoubled(text) ||
    isPowerOfTwo(port) ||
    FAMOUS.has(port)
  );
}

/** 7000, 7500, 20000; below a thousand 100, 200, ... */
function isRound(port: number): boolean {
  return port % (port < 1000 ? 100 : 500) === 0;
}

/** Each digit is as far from the one before: 7777, 1234, 54321, 24680, 13579, 7890. */
function isDigitRun(text: string): boolean {
  if (text.length < 3) return false;
  const digits = text.split("").map(Number);
  const gaps = digits.slice(1).map((digit, n) => (10 + digit - (digits[n] ?? 0)) % 10);
  return DIGIT_GAPS.has(gaps[0] ?? 0) && gaps.every((gap) => gap === gaps[0]);
}

/** Up and down by 1 and 2, past 9 to 0 as well; 0: the same digit again. */
const DIGIT_GAPS: ReadonlySet<number> = new Set([0, 1, 2, 8, 9]);

/** 1221, 12321; of three digits nearly every tenth number is one. */
function isPalindrome(text: string): boolean {
  return text.length > 3 && text === text.split("").reverse().join("");
}

/** 1212, 1122. */
function isDoubled(text: string): boolean {
  return /^(..)\1$/.test(text) || /^(.)\1(.)\2$/.test(text);
}

function isPowerOfTwo(port: number): boolean {
  return port >= 256 && Number.isInteger(Math.log2(port));
}

/** Lines on a keypad, constants, and what hackers like. */
const FAMOUS: ReadonlySet<number> = new Set([
  ...[147, 258, 369, 159, 357, 741, 852, 963, 951, 753],
  ...[1470, 2580, 3690, 1590, 7410, 8520, 9630, 9510, 7530, 3570, 14789, 36987],
  ...[1337, 31337, 1984, 2600, 4711, 8086, 9001, 31415, 27182, 3141, 2718, 16180],
  ...[49152, 61000, 65534, 65535],
]);
