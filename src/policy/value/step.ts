/** One packet of a sequence: `tcp/PORT`, `udp/PORT`, `PORT` or `ping/LENGTH`. */
import { ok, type Result } from "../../problem/problem.ts";
import type { Step } from "../policy.ts";
import { parseWholeNumber } from "./number.ts";
import { parsePort } from "./port.ts";
import { ONLY_TCP_AND_UDP, otherProtocolIn, protocolIn } from "./service.ts";
import { part, quoted, refuse, type Written } from "./written.ts";

/** IPv6 promises that 1280 bytes pass unfragmented; 40 are its header and 8 that of the ping. */
export const LONGEST_PING = 1232;

export function parseStep(written: Written): Result<Step> {
  const { text } = written;
  const match = /^(?:(tcp|udp|ping)\/(.*)|\d+)$/s.exec(text);
  if (match === null) {
    return refuse(written, "not-a-step", `${quoted(text)} is not a step`, stepFix(text));
  }
  const [, kind, rest = text] = match;
  const tail = part(written, text.length - rest.length, text.length);
  if (kind === "ping") {
    const length = parsePingLength(tail);
    return length.ok ? ok({ kind, payloadBytes: length.value }) : length;
  }
  if (/^\d+-\d+$/.test(rest)) {
    const what = `${quoted(text)} is a range of ports, and a step is one packet`;
    return refuse(written, "not-a-step", what, "write one of its ports");
  }
  const port = parsePort(tail);
  if (!port.ok) return port;
  return ok({
    kind: "port",
    protocol: kind === "tcp" || kind === "udp" ? kind : "either",
    port: port.value,
  });
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
  const other = otherProtocolIn(text);
  if (other !== undefined) return `${ONLY_TCP_AND_UDP}, and pings: ${other} cannot be a step`;
  const protocol = protocolIn(text);
  if (number !== undefined && protocol !== undefined) return `write ${protocol}/${number}`;
  return "write PORT (tcp or udp, either will do), tcp/PORT, udp/PORT or ping/LENGTH";
}
