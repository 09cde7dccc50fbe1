/** How the tables of refused policies are written. */
import type { Code } from "../../../src/policy/codes.ts";

/**
 * A policy that is refused. Each place that a problem marks stands between « and », and `says`
 * tells their codes in the same order, each with its remedy where that is worth a word:
 * "not-a-port: write a number from 1 to 65535".
 */
export interface Refused {
  readonly claim: string;
  readonly policy: string;
  readonly says: readonly (Code | `${Code}: ${string}`)[];
}

export function refused(claim: string, policy: string, ...says: Refused["says"]): Refused {
  return { claim, policy, says };
}

/** Lines at the top of a policy with one door. */
export function top(lines: string): string {
  return `${lines}\ndoors:\n  ssh:\n    protects: tcp/22\n`;
}

/** A policy whose one door has these lines and no others. */
export function door(lines: string): string {
  return `doors:\n  ssh:\n${indented(lines, 4)}\n`;
}

/** A door that protects tcp/22, and has these lines besides. */
export function keys(lines: string): string {
  return door(`protects: tcp/22\n${lines}`);
}

/** A door that protects tcp/22, with these lines under `sequence`. */
export function sequence(lines: string): string {
  return keys(`sequence:\n${indented(lines, 2)}`);
}

/** A sequence of such steps. */
export function steps(list: string): string {
  return sequence(`steps: ${list}`);
}

function indented(lines: string, columns: number): string {
  return lines
    .split("\n")
    .map((line) => (line === "" ? "" : " ".repeat(columns) + line))
    .join("\n");
}
