/**
 * Problems as an administrator reads them:
 *
 *     policy.yaml:4:14: error: port 80000 does not exist [not-a-port]
 *     4 |     steps: [80000, udp/54040]
 *       |             ^^^^^
 *       = fix: write a number from 1 to 65535
 */
import { escapeControl } from "./escape.ts";
import { inOrder } from "./order.ts";
import type { Place, Problem } from "./problem.ts";
import { headOf, tailOf, widthOf } from "./width.ts";

export interface RenderOptions {
  /** Whether to colour for a terminal. */
  readonly colour: boolean;
}

/** A line wider than this is cut to so many columns before the mark, under it, and after it. */
const WIDEST = 100;
const SHOWN = { before: 40, marked: 40, after: 18 };
/** So many characters on each side are looked at: a line may be the whole file. */
const LOOKED_AT = 400;
const TAB = "    ";

type Style = "bold" | "red" | "yellow" | "blue" | "green";
type Paint = (style: Style, text: string) => string;

/** All the problems by their places, and how many they are. */
export function renderProblems(problems: readonly Problem[], options: RenderOptions): string {
  const blocks = inOrder(problems).map((problem) => renderProblem(problem, options));
  return [...blocks, countLine(problems)].join("\n\n");
}

/** One problem, several lines, without a line break at the end. */
export function renderProblem(problem: Problem, { colour }: RenderOptions): string {
  const paint = colour ? ansi : plain;
  const { severity, what, code, fix, place } = problem;
  const tone = severity === "error" ? "red" : "yellow";
  const where =
    place === undefined ? "" : `${escapeControl(place.file)}:${place.line}:${place.column}: `;
  const headline = `${paint("bold", where)}${paint(tone, `${severity}:`)} ${paint("bold", escapeControl(what))} [${code}]`;
  const gutter = place === undefined ? "" : " ".repeat(`${place.line}`.length);
  const remedy = `${gutter} ${paint("blue", "=")} ${paint("green", "fix:")} ${escapeControl(fix)}`;
  return [headline, ...(place === undefined ? [] : excerpt(place, tone, paint)), remedy].join("\n");
}

/** The line and the mark under it. */
function excerpt(place: Place, tone: Style, paint: Paint): string[] {
  const { line, column, length, text } = place;
  const start = column - 1;
  const end = start + length;
  const before = tidy(text.slice(Math.max(0, start - LOOKED_AT), start));
  const marked = tidy(text.slice(start, Math.min(end, start + LOOKED_AT)));
  const after = tidy(text.slice(end, end + LOOKED_AT));
  const cut = widthOf(before + marked + after) > WIDEST;
  const lead = cut ? clipStart(before, SHOWN.before) : before;
  const heart = cut ? clipEnd(marked, SHOWN.marked) : marked;
  const rest = cut ? clipEnd(after, SHOWN.after) : after;
  const number = paint("blue", `${line} |`);
  const margin = paint("blue", `${" ".repeat(`${line}`.length)} |`);
  const mark = paint(tone, "^".repeat(Math.max(1, widthOf(heart))));
  return [
    `${number} ${lead}${heart}${rest}`.trimEnd(),
    `${margin} ${" ".repeat(widthOf(lead))}${mark}`,
  ];
}

function clipStart(text: string, columns: number): string {
  return widthOf(text) > columns ? `…${tailOf(text, columns)}` : text;
}

function clipEnd(text: string, columns: number): string {
  return widthOf(text) > columns ? `${headOf(text, columns)}…` : text;
}

/** Fit to be shown, in the same columns wherever the line begins. */
function tidy(text: string): string {
  return escapeControl(text.replaceAll("\t", TAB));
}

function countLine(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  const counts = [counted(errors, "problem"), counted(warnings, "warning")];
  return counts.filter((count) => count !== undefined).join(", ") || "no problems";
}

function counted(count: number, word: string): string | undefined {
  if (count === 0) return undefined;
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

const CODES: Readonly<Record<Style, number>> = {
  bold: 1,
  red: 31,
  yellow: 33,
  blue: 34,
  green: 32,
};

function ansi(style: Style, text: string): string {
  return text === "" ? "" : `\u001b[${CODES[style]}m${text}\u001b[0m`;
}

function plain(_style: Style, text: string): string {
  return text;
}
