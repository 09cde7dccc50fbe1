/** Dates of allowed_signers: `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, local or UTC. */

/**
 * Calendar time of this host's zone to seconds since 1970. Like OpenSSH it counts in the zone's
 * standard time all year round: what it writes down for July is an hour later on a clock that
 * shows summer time.
 */
export function standardTime(parts: CalendarTime): number {
  const { year } = parts;
  const offsets = [0, 6].map((month) => new Date(year, month, 1).getTimezoneOffset());
  return utcOf(parts) + Math.max(...offsets) * 60;
}

export interface CalendarTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const FORM = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|UTC)?$/i;

/** Seconds since 1970, above 0; undefined for what is no time. */
export function parseTimestamp(
  text: string,
  secondsOfLocal: (parts: CalendarTime) => number,
): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0));
  const parts = { year, month, day, hour, minute, second };
  if (!exists(parts)) return undefined;
  const seconds = match[7] === undefined ? secondsOfLocal(parts) : utcOf(parts);
  return seconds > 0 ? seconds : undefined;
}

function utcOf({ year, month, day, hour, minute, second }: CalendarTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** Whether the calendar has the day, and the clock the time. */
function exists({ year, month, day, hour, minute, second }: CalendarTime): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year >= 1970;
  return isDay && hour < 24 && minute < 60 && second < 60;
}
