/** What scanners could do to a policy, and what it does to its own people, as problems. */
import type { PlacedPolicy } from "../policy/parse.ts";
import type { DoorPlaces } from "../policy/places.ts";
import type { Door, Policy } from "../policy/policy.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import type { Place, Problem } from "../problem/problem.ts";
import type { CheckCode } from "./codes.ts";
import { type DoorReport, judgeDoor } from "./door.ts";
import type { OpenedBy } from "./listed.ts";
import type { Predictable } from "./predictable.ts";
import { GUESSABLE } from "./remedy.ts";
import type { Known } from "./services.ts";

export interface Findings {
  /** In the order of the policy. */
  readonly doors: readonly DoorReport[];
  readonly problems: readonly Problem[];
}

/** A chance in 1,000 packets, or in one run of a scan, with which a door is as good as open. */
const GUESSED = 1e-3;

export function checkPolicy({ policy, places }: PlacedPolicy, known: Known): Findings {
  const doors = policy.doors.map((door) => judgeDoor(policy, door, known));
  const problems = doors.flatMap((report, index) => {
    const where = places.doors[index];
    if (where === undefined) throw new Error(`checkPolicy: door ${report.door} has no place`);
    const ahead = shortLookahead(policy.doors[index], where);
    return [...problemsOf(report, where, policy), ...ahead];
  });
  return { doors, problems };
}

function problemsOf(report: DoorReport, places: DoorPlaces, policy: Policy): Problem[] {
  if (report.overheardPackets === undefined) {
    const { token, signed } = report;
    const isWayIn = token !== undefined || signed !== undefined || policy.trusted.length > 0;
    return isWayIn ? [] : [noWayIn(report, places)];
  }
  const { openedBy, predictable, chancePerThousand } = report;
  const found = [
    ...(openedBy === undefined ? [] : [openedByScan(report, openedBy, places)]),
    ...(predictable === undefined ? [] : [predictableSteps(report, predictable, places)]),
    ...(chancePerThousand >= GUESSABLE ? [easilyGuessed(report, places)] : []),
  ];
  // One is enough to have the steps changed, and the remedy is the same.
  return found
    .filter(({ severity }) => severity === "error")
    .concat(found)
    .slice(0, 1);
}

function openedByScan(
  { door, remedy }: DoorReport,
  { scan, command, chance }: OpenedBy,
  places: DoorPlaces,
): Problem {
  const severity = chance >= GUESSED ? "error" : "warning";
  const often = chance === 1 ? "" : `, once in ${grouped(Math.round(1 / chance))} runs`;
  return {
    ...coded("opened-by-scan", severity, stepsPlace(places)),
    what: `door ${door} is opened by ${scan}${often}: ${command}`,
    fix: remedyFix(remedy) ?? "choose other steps that lie far apart, and a wider watch range",
  };
}

function predictableSteps(
  { door, remedy }: DoorReport,
  { why, isObvious }: Predictable,
  places: DoorPlaces,
): Problem {
  return {
    ...coded("predictable-steps", isObvious ? "error" : "warning", stepsPlace(places)),
    what: `the steps of door ${door} ${why}, so somebody may guess them`,
    fix: remedyFix(remedy) ?? "draw random steps: `postern init` shows how they look",
  };
}

function easilyGuessed(report: DoorReport, places: DoorPlaces): Problem {
  const { door, chancePerThousand, remedy } = report;
  const severity = chancePerThousand >= GUESSED ? "error" : "warning";
  return {
    ...coded("easily-guessed", severity, stepsPlace(places)),
    what: `1,000 packets to random ports of its watch range open door ${door} with a chance of one in ${grouped(1 / chancePerThousand)}`,
    fix: remedyFix(remedy) ?? "choose more steps, or a wider watch range",
  };
}

function noWayIn({ door }: DoorReport, { name }: DoorPlaces): Problem {
  return {
    ...coded("no-way-in", "warning", name),
    what: `no knock opens door ${door} and the policy trusts nobody, so only \`postern open\` lets anybody in`,
    fix: "add `signed`, a `token`, a `sequence`, or `trusted` addresses, if that is not meant",
  };
}

/** Tokens are topped up every few minutes, and a host may be too busy for that once or twice. */
const SHORTEST_LOOKAHEAD_SECONDS = 900;

function shortLookahead(door: Door | undefined, places: DoorPlaces): Problem[] {
  const ahead = door?.token?.lookaheadSeconds;
  if (door === undefined || ahead === undefined || ahead >= SHORTEST_LOOKAHEAD_SECONDS) return [];
  return [
    {
      ...coded("short-lookahead", "warning", places.lookahead ?? places.token),
      what: `door ${door.name} has tokens for no more than ${printSeconds(ahead)}: when they are not topped up for so long, none opens it`,
      fix: "write `lookahead: 15m` or more: a timer tops them up every few minutes",
    },
  ];
}

function coded(code: CheckCode, severity: Problem["severity"], place: Place | undefined) {
  return { code, severity, ...(place === undefined ? {} : { place }) };
}

function remedyFix(remedy: DoorReport["remedy"]): string | undefined {
  if (remedy === undefined) return undefined;
  const lines = remedy.text.split("\n").map((line) => `\`${line}\``);
  const text = lines.join(" and ");
  return remedy.isDrawn
    ? `write ${text}, drawn at random just now`
    : `write ${text}, which no scan opens`;
}

/** From the first step to the last where they stand on one line; otherwise the first. */
function stepsPlace({ steps }: DoorPlaces): Place | undefined {
  const [first] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined || last.line !== first.line) return first;
  return { ...first, length: last.column + last.length - first.column };
}

/** A whole number with commas between thousands. */
function grouped(value: number): string {
  return `${Math.max(1, Math.floor(value))}`.replace(/\B(?=(\d{3})+$)/g, ",");
}
