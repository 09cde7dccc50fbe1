/** One packet of a sequence: `tcp/PORT`, `udp/PORT`, `PORT` or `ping/LENGTH`. */
import { ok, type Result } from "../../problem/problem.ts";
import type { Step } from "../policy.ts";
import { parseWholeNumber } from "./number.ts";
import { parsePort } from "./port.ts";
import { part, quoted, refuse, type Written } from "./written.ts";

/** IPv6 promises that 1280 bytes pass unfragmented; 40 are its header and 8 that of the ping. */
export const LONGEST_PING = 1232;

export function parseStep(written: Written): Result<Step> {
  const { text } = written;
  const slash = text.indexOf("/");
  const kind = slash === -1 ? "" : text.slice(0, slash);
  const rest = part(written, slash + 1, text.length);
  if (kind === "ping") {
    const length = parsePingLength(rest);
    return length.ok ? ok({ kind: "ping", payloadBytes: length.value }) : length;
  }
  if (kind === "tcp" || kind === "udp" || /^\d+$/.test(text)) {
    if (/^\d+-\d+$/.test(rest.text))
      return refuse(
        written,
        "not-a-step",
        `${quoted(text)} is a range, and a step is one port`,
        "write one of its ports",
      );
    const port = parsePort(rest);
    const protocol = kind === "tcp" || kind === "udp" ? kind : "either";
    return port.ok ? ok({ kind: "port", protocol, port: port.value }) : port;
  }
  return refuse(written, "not-a-step", `${quoted(text)} is not a step`, stepFix(text));
}

export function printStep(step: Step): string {
  if (step.kind === "ping") return `ping/${step.payloadBytes}`;
  return step.protocol === "either" ? `${step.port}` : `${step.protocol}/${step.port}`;
}

function parsePingLength(written: Written): Result<number> {
  return parseWholeNumber(written, {
    name: "a ping length",
    code: "not-a-ping-length",
    least: 0,
    most: LONGEST_PING,
    outside: (text) =>
      `a ping of ${text} bytes may arrive in fragments, which the gate cannot judge`,
    fix: `write a number from 0 to ${LONGEST_PING}, as much as every IPv6 network carries in one packet`,
  });
}

function stepFix(text: string): string {
  const number = /(?<!\d)\d{1,5}(?!\d)/.exec(text)?.[0];
  if (/ping|icmp|echo/i.test(text)) return `write ping/LENGTH, such as ping/${number ?? 63}`;
  const protocol = /udp/i.test(text) ? "udp/" : /tcp/i.test(text) ? "tcp/" : "";
  if (number !== undefined && protocol !== "") return `write ${protocol}${number}`;
  return "write tcp/PORT, udp/PORT, PORT (either will do) or ping/LENGTH; names are not looked up";
}
