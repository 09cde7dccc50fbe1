/** Lists of patterns as OpenSSH reads them (ssh_config(5), PATTERNS). */

/** OpenSSH takes a list with a longer pattern for one that matches nothing. */
export const MOST_PATTERN_BYTES = 1022;

/** One thing of a list. */
export interface Pattern {
  readonly text: string;
  readonly isNegated: boolean;
}

/** `a,b*,!c`: the order says nothing, but for who is named first. */
export function patternsOf(list: string): readonly Pattern[] {
  return list.split(",").map((item) => {
    const isNegated = item.startsWith("!");
    return { text: isNegated ? item.slice(1) : item, isNegated };
  });
}

/** Whether a pattern matches the name, and none that is negated does. */
export function listMatches(patterns: readonly Pattern[], name: string): boolean {
  const matching = patterns.filter(({ text }) => patternMatches(text, name));
  return matching.length > 0 && !matching.some(({ isNegated }) => isNegated);
}

export function isLiteral({ text, isNegated }: Pattern): boolean {
  return !isNegated && text !== "" && !/[*?]/.test(text);
}

/**
 * `*` stands for any bytes and `?` for one: bytes and not characters, as in OpenSSH. Each piece
 * between two `*` is taken where it comes first, so that no pattern takes long.
 */
function patternMatches(pattern: string, name: string): boolean {
  const text = latin1(name);
  const [first = "", ...others] = latin1(pattern).split("*");
  const last = others.pop();
  if (last === undefined) return text.length === first.length && isPieceAt(text, first, 0);
  const end = text.length - last.length;
  let at = first.length;
  for (const piece of others) {
    while (at + piece.length <= end && !isPieceAt(text, piece, at)) at += 1;
    at += piece.length;
  }
  return at <= end && isPieceAt(text, first, 0) && isPieceAt(text, last, end);
}

/** A character for each byte. */
function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function isPieceAt(text: string, piece: string, at: number): boolean {
  return Array.from(piece).every((sign, index) => sign === "?" || text[at + index] === sign);
}
