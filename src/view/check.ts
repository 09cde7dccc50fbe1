/** What a check has found, for people and for scripts. */
import type { DoorReport, TokenReport } from "../check/index.ts";
import type { GateCheck } from "../gate/index.ts";
import { escapeControl } from "../problem/escape.ts";
import { inOrder } from "../problem/order.ts";
import type { Problem } from "../problem/problem.ts";
import { renderProblem } from "../problem/render.ts";

/** Stable for scripts: `check --json` prints it as it is. */
export interface CheckReport extends GateCheck {
  /** Whether `apply` would go on; warnings do not matter. */
  readonly ok: boolean;
}

export function reportOf(check: GateCheck): CheckReport {
  return { ok: !check.problems.some(({ severity }) => severity === "error"), ...check };
}

/** Every value is there, and every control character is an escape. */
export function printCheck({ ok, problems, doors, notLookedAt }: CheckReport): string {
  const facts = { ok, problems: inOrder(problems), doors, notLookedAt };
  const json = JSON.stringify(facts, (_, value: unknown) => value ?? null, 2);
  return `${json.replace(UNSAFE, escapeUnit)}\n`;
}

/** JSON itself has none of these outside of strings, and leaves them as they are inside. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

function escapeUnit(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Problems first, then a line for each door, and how much was found. */
export function renderCheck(
  { problems, doors, notLookedAt }: CheckReport,
  options: { readonly colour: boolean },
): string {
  const paint = options.colour ? colour : plain;
  const blocks = inOrder(problems).map((problem) => renderProblem(problem, options));
  const lines = [
    ...doors.map((door) => doorLine(door, paint)),
    ...(doors.some(hasSequence) ? [paint("dim", RANDOM_PORTS)] : []),
    ...notLookedAt.map((line) => paint("dim", escapeControl(line))),
  ];
  const parts = [...blocks, ...(lines.length === 0 ? [] : [lines.join("\n")])];
  return `${[...parts, countLine(doors, problems, paint)].join("\n\n")}\n`;
}

const hasSequence = ({ overheardPackets }: DoorReport) => overheardPackets !== undefined;

const RANDOM_PORTS =
  "the figure for random ports says nothing about a scanner with a list of well-known ports, or about anybody who has seen a knock";

type Paint = (tone: keyof typeof TONES, text: string) => string;

const TONES = { bold: 1, green: 32, yellow: 33, red: 31, dim: 2 } as const;
const colour: Paint = (tone, text) => `\u001b[${TONES[tone]}m${text}\u001b[0m`;
const plain: Paint = (_tone, text) => text;

function doorLine(report: DoorReport, paint: Paint): string {
  return `${paint("bold", `${report.door}:`)} ${findingsOf(report, paint).join("; ")}`;
}

function findingsOf(report: DoorReport, paint: Paint): string[] {
  const { predictable, chancePerThousand, overheardPackets, token, signed } = report;
  if (overheardPackets === undefined) {
    if (token !== undefined) return [...tokenFindings(token, paint), ...alsoSigned(signed)];
    return signed === undefined ? ["nothing that is sent opens it"] : signedFindings(paint);
  }
  const packets = `${overheardPackets} ${overheardPackets === 1 ? "packet" : "packets"}`;
  return [
    scansInWords(report, paint),
    ...(predictable === undefined ? [] : [paint("red", `its steps ${predictable.why}`)]),
    chanceInWords(chancePerThousand),
    `anybody who sees one knock (${packets}) can repeat it`,
    ...(token === undefined ? [] : ["a token opens it as well: it is as weak as its sequence"]),
    ...(signed === undefined
      ? []
      : ["a signed knock opens it as well: it is as weak as its sequence"]),
  ];
}

function scansInWords({ openedBy, scansTried }: DoorReport, paint: Paint): string {
  if (openedBy === undefined) return paint("green", `none of ${scansTried} scans opens it`);
  const { scan, chance } = openedBy;
  const often = chance === 1 ? "" : ` once in ${numberInWords(1 / chance)} runs`;
  return paint("red", `${scan} opens it${often}`);
}

function signedFindings(paint: Paint): string[] {
  return [
    paint("green", "no scan opens it"),
    paint("green", "nobody guesses a signature"),
    paint("green", "nobody can repeat a signed knock that was seen"),
  ];
}

/** Of two ways in the weaker is told: to guess a token is easier than a signature. */
function alsoSigned(signed: DoorReport["signed"]): string[] {
  return signed === undefined ? [] : ["a signed knock opens it as well"];
}

/** Told of the carrier that is guessed most easily. */
function tokenFindings({ carriers, tokens }: TokenReport, paint: Paint): string[] {
  const [weakest] = carriers.toSorted((a, b) => a.bits - b.bits);
  if (weakest === undefined) throw new Error("tokenFindings: tokens without a carrier");
  const tries = numberInWords(1 / weakest.chancePerThousand);
  const held = `${tokens}`.replace(/\B(?=(\d{3})+$)/g, ",");
  return [
    paint("green", "no scan opens it"),
    `1,000 guesses by ${weakest.carrier} (${weakest.bits} bits, of which ${held} tokens at most are right) open it once in ${tries} tries`,
    paint("green", "nobody can repeat a token that was seen"),
  ];
}

function chanceInWords(chance: number): string {
  if (chance === 0) return "no packets to random ports of its watch range open it";
  const packets = "1,000 packets to random ports of its watch range open it";
  if (chance > NEARLY_ALWAYS) return `${packets} nearly always`;
  return `${packets} once in ${numberInWords(1 / chance)} tries`;
}

const NEARLY_ALWAYS = 0.9;

const NAMED = [
  [1e12, "trillion"],
  [1e9, "billion"],
  [1e6, "million"],
] as const;

/** Two figures are all that matter: `1.2`, `94`, `1,300`, `94 million`, `2.1e+17`. */
function numberInWords(number: number): string {
  const rounded = Number(number.toPrecision(2));
  if (rounded >= 1e15) return rounded.toExponential(1);
  const named = NAMED.find(([least]) => rounded >= least);
  if (named === undefined) return `${rounded}`.replace(/\B(?=(\d{3})+$)/g, ",");
  const [least, name] = named;
  return `${Number((rounded / least).toPrecision(2))} ${name}`;
}

function countLine(
  doors: readonly DoorReport[],
  problems: readonly Problem[],
  paint: Paint,
): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  const counts = [
    ...(doors.length === 0 ? [] : [counted(doors.length, "door")]),
    errors === 0 ? paint("green", "no problems") : paint("red", counted(errors, "problem")),
    ...(warnings === 0 ? [] : [paint("yellow", counted(warnings, "warning"))]),
  ];
  return counts.join(", ");
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
