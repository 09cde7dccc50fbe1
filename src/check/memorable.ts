/** Numbers that people think of when they need a port. */

/** Whether a port is one of those; how many others are like it decides whether somebody guesses. */
export function isMemorable(port: number): boolean {
  return isRound(port) || PATTERNS.has(port) || FAMOUS.has(port);
}

/** 7000, 7500, 20000; below a thousand 100, 200, ... */
function isRound(port: number): boolean {
  return port % (port < 1000 ? 100 : 500) === 0;
}

const LONGEST = 5;

const PATTERNS: ReadonlySet<number> = new Set([
  ...digitRuns(),
  ...palindromes(),
  ...doubled(),
  ...powersOfTwo(),
]);

/** Each digit is as far from the one before: 7777, 1234, 54321, 24680, 13579, 7890. */
function digitRuns(): number[] {
  return [0, 1, 2, 8, 9].flatMap((gap) =>
    range(1, 9).flatMap((first) => {
      const digits = range(0, LONGEST - 1).map((n) => (first + n * gap) % 10);
      return range(3, LONGEST).map((length) => Number(digits.slice(0, length).join("")));
    }),
  );
}

/** 1221, 12321; of three digits nearly every tenth number is one. */
function palindromes(): number[] {
  return range(10, 99).flatMap((half) => {
    const [a, b] = [Math.floor(half / 10), half % 10];
    const middles = range(0, 9).map((middle) => Number(`${a}${b}${middle}${b}${a}`));
    return [Number(`${a}${b}${b}${a}`), ...middles];
  });
}

/** 1212, 1122. */
function doubled(): number[] {
  return range(10, 99).flatMap((half) => {
    const [a, b] = [Math.floor(half / 10), half % 10];
    return [Number(`${a}${b}${a}${b}`), Number(`${a}${a}${b}${b}`)];
  });
}

function powersOfTwo(): number[] {
  return range(8, 15).map((exponent) => 2 ** exponent);
}

/** Whole numbers, both ends included. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

/** Lines on a keypad, constants, and what hackers like. */
const FAMOUS: ReadonlySet<number> = new Set([
  ...[147, 258, 369, 159, 357, 741, 852, 963, 951, 753],
  ...[1470, 2580, 3690, 1590, 7410, 8520, 9630, 9510, 7530, 3570, 14789, 36987],
  ...[1337, 31337, 1984, 2600, 4711, 8086, 9001, 31415, 27182, 3141, 2718, 16180],
  ...[49152, 61000, 65534, 65535],
]);
