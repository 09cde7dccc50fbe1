/** What a door protects: `tcp/PORT`, `udp/PORT`, or a range of ports. */
import { ok, type Result } from "../../problem/problem.ts";
import type { Service } from "../policy.ts";
import { parsePorts, printPortRange } from "./port.ts";
import { part, quoted, refuse, type Written } from "./written.ts";

export function parseService(written: Written): Result<Service> {
  const { text } = written;
  const match = /^(tcp|udp)\//.exec(text);
  if (match === null) {
    return refuse(written, "not-a-service", `${quoted(text)} is not a service`, serviceFix(text));
  }
  const ports = parsePorts(part(written, match[0].length, text.length));
  if (!ports.ok) return ports;
  return ok({ protocol: match[1] === "tcp" ? "tcp" : "udp", ports: ports.value });
}

export function printService(service: Service): string {
  return `${service.protocol}/${printPortRange(service.ports)}`;
}

function serviceFix(text: string): string {
  const ports = /(?<!\d)\d{1,5}(?:-\d{1,5})?(?!\d)/.exec(text)?.[0];
  const other = otherProtocolIn(text);
  if (other !== undefined) return `${ONLY_TCP_AND_UDP}: no door can protect ${other}`;
  const protocol = protocolIn(text);
  if (ports === undefined) return "write tcp/PORT or udp/PORT, such as tcp/22";
  if (protocol === undefined) return `write tcp/${ports} or udp/${ports}`;
  return `write ${protocol}/${ports}`;
}

export const ONLY_TCP_AND_UDP = "only TCP and UDP are supported";

/** A protocol of IP that has no doors. */
export function otherProtocolIn(text: string): string | undefined {
  return /\b(?:sctp|dccp|udp-?lite|icmp(?:v?6)?|gre|esp|ah|ipip|ospf|vrrp)\b/i.exec(text)?.[0];
}

/** Which protocol a text means, however it is spelt. */
export function protocolIn(text: string): "tcp" | "udp" | undefined {
  if (/tcp/i.test(text)) return "tcp";
  return /udp/i.test(text) ? "udp" : undefined;
}
