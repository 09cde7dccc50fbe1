/** Ports and ranges of ports. */
import { ok, type Result } from "../../problem/problem.ts";
import type { Port, PortRange } from "../policy.ts";
import { parseWholeNumber } from "./number.ts";
import { part, quoted, refuse, type Written } from "./written.ts";

export function parsePort(written: Written): Result<Port> {
  const number = parseWholeNumber(written, {
    name: "a port",
    code: "not-a-port",
    least: 1,
    most: 65535,
    outside: (text) => `port ${text} does not exist`,
    ...(/^[a-z]/i.test(written.text)
      ? { fix: "write a number from 1 to 65535; service names are not looked up" }
      : {}),
  });
  return number.ok ? ok(number.value as Port) : number;
}

/** Reads `FIRST-LAST`. */
export function parsePortRange(written: Written): Result<PortRange> {
  const { text } = written;
  const dash = text.indexOf("-");
  if (dash < 1 || text.includes("/")) {
    return refuse(
      written,
      "not-a-range",
      `${quoted(text)} is not a range of ports`,
      rangeFix(text),
    );
  }
  const first = parsePort(part(written, 0, dash));
  const last = parsePort(part(written, dash + 1, text.length));
  if (!first.ok || !last.ok) {
    const problems = [first, last].flatMap((end) => (end.ok ? [] : end.problems));
    return { ok: false, problems };
  }
  if (first.value > last.value) {
    const what = `${text} runs backwards`;
    return refuse(written, "backwards-range", what, `write ${last.value}-${first.value}`);
  }
  return ok({ first: first.value, last: last.value });
}

/** Reads `PORT` or `FIRST-LAST`. */
export function parsePorts(written: Written): Result<PortRange> {
  if (written.text.indexOf("-") > 0) return parsePortRange(written);
  const port = parsePort(written);
  return port.ok ? ok({ first: port.value, last: port.value }) : port;
}

export function printPortRange(range: PortRange): string {
  return range.first === range.last ? `${range.first}` : `${range.first}-${range.last}`;
}

export function rangesMeet(a: PortRange, b: PortRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function rangeFix(text: string): string {
  const match = /(?<!\d)(\d{1,5})\s*(?:-|:|\.\.|to|–)\s*(\d{1,5})$/.exec(text);
  if (match !== null) return `write ${match[1]}-${match[2]}`;
  if (/^\d+$/.test(text)) return `write the lowest and the highest port, such as ${text}-${text}`;
  return "write the lowest and the highest port, such as 21000-25000";
}
