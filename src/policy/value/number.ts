/**
 * Whole numbers in plain decimal digits, and nothing else that YAML or C takes for a number.
 */
import { ok, type Result } from "../../problem/problem.ts";
import type { Code } from "../codes.ts";
import { quoted, refuse, type Written } from "./written.ts";

/** Words a number's problems: what the number is called, and the code when it is out of range. */
export interface NumberKind {
  readonly name: string;
  readonly code: Code;
  readonly least: number;
  readonly most: number;
  /** What to write, when the usual "a number from 1 to 9" does not say enough. */
  readonly fix?: string;
  /** What to say of a number that is out of range, when there is something better. */
  readonly outside?: (text: string) => string;
}

export function parseWholeNumber(written: Written, kind: NumberKind): Result<number> {
  const { text } = written;
  const fix = kind.fix ?? `write a number from ${kind.least} to ${kind.most}`;
  if (/^0\d+$/.test(text)) {
    return refuse(
      written,
      "leading-zero",
      `${text} ${whyNoZero(text)}`,
      `write ${withoutZeros(text)}`,
    );
  }
  if (!/^\d+$/.test(text)) {
    return refuse(written, kind.code, `${quoted(text)} is not ${kind.name}`, fix);
  }
  const value = Number(text);
  if (value < kind.least || value > kind.most) {
    const what = kind.outside?.(text) ?? `${text} is outside the range of ${kind.name}`;
    return refuse(written, kind.code, what, fix);
  }
  return ok(value);
}

/** Why a number may not begin with a zero, as the end of a sentence about it. */
export function whyNoZero(text: string): string {
  const octal = Number.parseInt(text, 8);
  const decimal = withoutZeros(text);
  if (/[89]/.test(text) || `${octal}` === decimal) return "begins with a zero";
  return `is ${octal} to some programs and ${decimal} to others`;
}

export function withoutZeros(text: string): string {
  return text.replace(/^0+(?=\d)/, "");
}
