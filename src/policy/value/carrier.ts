/**
 * What carries a token: `ping`, `udp/PORT`, `dns/PORT`, `http/PORT` or `tls/PORT`; of these the
 * first two may carry a signed knock.
 */
import { ok, type Result } from "../../problem/problem.ts";
import { CARRIER_KINDS, type Carrier, isSignedCarrier, type SignedCarrier } from "../carriers.ts";
import { nearest } from "../nearest.ts";
import { parsePort } from "./port.ts";
import { part, quoted, refuse, type Written } from "./written.ts";

const USUAL_PORTS = { udp: 62201, dns: 53, http: 80, tls: 443 } as const;

export function parseCarrier(written: Written): Result<Carrier> {
  const { text } = written;
  const [name = "", ...rest] = text.split("/");
  const kind = CARRIER_KINDS.find((one) => one === name);
  if (kind === undefined) {
    return refuse(written, "not-a-carrier", `${quoted(text)} is not a carrier`, carrierFix(name));
  }
  if (kind === "ping") {
    if (rest.length === 0) return ok({ kind });
    const what = `a ping that carries a knock needs no ${quoted(rest.join("/"))}`;
    return refuse(written, "not-a-carrier", what, "write ping");
  }
  if (rest.length === 0) {
    const what = `${kind} does not say to which port`;
    return refuse(written, "not-a-carrier", what, `write ${kind}/PORT, such as ${usual(kind)}`);
  }
  const port = parsePort(part(written, kind.length + 1, text.length));
  return port.ok ? ok({ kind, port: port.value }) : port;
}

/** A carrier of which one packet has room for a signed knock. */
export function parseSignedCarrier(written: Written): Result<SignedCarrier> {
  const { text } = written;
  const carrier = parseCarrier(written);
  if (carrier.ok && isSignedCarrier(carrier.value)) return ok(carrier.value);
  const [name = ""] = text.split("/");
  if (!carrier.ok && (name === "ping" || name === "udp")) return carrier;
  const what = CARRIER_KINDS.some((kind) => kind === name)
    ? `${quoted(text)} has no room for a signed knock`
    : `${quoted(text)} is not a carrier`;
  const fix = carrierFix(name) === "write ping" ? "write ping" : "write ping or udp/PORT";
  return refuse(written, "not-a-carrier", what, fix);
}

function usual(kind: keyof typeof USUAL_PORTS): string {
  return `${kind}/${USUAL_PORTS[kind]}`;
}

const OTHER_NAMES: Readonly<Record<string, string>> = { https: "tls", icmp: "ping", echo: "ping" };

function carrierFix(name: string): string {
  const near = nearest(name.toLowerCase(), [...CARRIER_KINDS, ...Object.keys(OTHER_NAMES)]) ?? "";
  const meant = OTHER_NAMES[near] ?? near;
  const known = CARRIER_KINDS.find((kind) => kind === meant);
  if (known === undefined) return "write ping, udp/PORT, dns/PORT, http/PORT or tls/PORT";
  return `write ${known === "ping" ? known : usual(known)}`;
}
