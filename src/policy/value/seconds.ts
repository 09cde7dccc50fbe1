/** Durations: a whole number and a unit, 1s to 24h. */
import { ok, type Result } from "../../problem/problem.ts";
import type { Seconds } from "../policy.ts";
import { withoutZeros } from "./number.ts";
import { quoted, refuse, type Written } from "./written.ts";

const UNIT_SECONDS = { s: 1, m: 60, h: 3600 } as const;
const LONGEST = 24 * UNIT_SECONDS.h;
const FIX = "write a whole number and s, m or h, from 1s to 24h";

export function parseSeconds(written: Written): Result<Seconds> {
  const { text } = written;
  const match = /^(\d+)([smh])$/.exec(text);
  if (match === null) {
    const bare = /^\d+$/.test(text);
    const what = bare ? `${text} has no unit` : `${quoted(text)} is not a duration`;
    return refuse(written, bare ? "missing-unit" : "not-a-duration", what, durationFix(text));
  }
  const [, number = "", unit = ""] = match;
  if (/^0\d/.test(number)) {
    return refuse(
      written,
      "leading-zero",
      `${text} begins with a zero`,
      `write ${withoutZeros(text)}`,
    );
  }
  const seconds = Number(number) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  if (seconds < 1) {
    return refuse(written, "too-short", `${text} is no time at all`, "write 1s or more");
  }
  if (seconds > LONGEST) {
    return refuse(written, "too-long", `${text} is longer than 24h`, "write 24h or less");
  }
  return ok(seconds as Seconds);
}

/** In the largest unit that gives a whole number: 90 is `90s`, 120 is `2m`. */
export function printSeconds(seconds: number): string {
  if (seconds === 0) return "0s";
  if (seconds % UNIT_SECONDS.h === 0) return `${seconds / UNIT_SECONDS.h}h`;
  return seconds % UNIT_SECONDS.m === 0 ? `${seconds / UNIT_SECONDS.m}m` : `${seconds}s`;
}

function bareFix(number: string): string {
  return `write ${number}s, or ${number}m or ${number}h if that is what you mean`;
}

/** Where it is clear what was meant, the same in our notation. */
function durationFix(text: string): string {
  if (text.length > 20) return FIX;
  if (/^0*[1-9]\d*$/.test(text)) return bareFix(withoutZeros(text));
  const parts = [...text.matchAll(/(\d+)\s*(d|h|m|s)(?:[a-z]*)\s*/gi)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text || /\dms/i.test(text)) {
    return FIX;
  }
  const seconds = parts.reduce((sum, [, number, unit]) => {
    const key = unit?.toLowerCase();
    return (
      sum +
      Number(number) * (key === "d" ? LONGEST : UNIT_SECONDS[key as keyof typeof UNIT_SECONDS])
    );
  }, 0);
  return seconds >= 1 && seconds <= LONGEST ? `write ${printSeconds(seconds)}` : FIX;
}
