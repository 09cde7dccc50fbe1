/** Ports of a host, as far as a check asks about them. */
import type { Host } from "../../host/index.ts";
import type { Listener } from "../listeners.ts";
import { listOf } from "./json.ts";

/** `first` to `last`, both included. */
export interface Ports {
  readonly first: number;
  readonly last: number;
}

export interface Service {
  readonly protocol: "tcp" | "udp";
  readonly ports: Ports;
}

/** The ports from which this host asks others. */
export interface Ephemeral {
  readonly range: Ports | undefined;
  /** Those that it never takes unasked. */
  readonly reserved: readonly Ports[];
}

/** `22`, or `6000-6010`. */
export function printPorts({ first, last }: Ports): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

export function portsMeet(a: Ports, b: Ports): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function holdsPort({ first, last }: Ports, port: number): boolean {
  return port >= first && port <= last;
}

export function isAt({ protocol, port }: Listener, service: Service): boolean {
  return protocol === service.protocol && holdsPort(service.ports, port);
}

export async function readEphemeral(host: Host): Promise<Ephemeral> {
  const folder = "/proc/sys/net/ipv4";
  const [range = "", reserved = ""] = await Promise.all([
    host.readKernelFile(`${folder}/ip_local_port_range`),
    host.readKernelFile(`${folder}/ip_local_reserved_ports`),
  ]);
  const [, first, last] = /^(\d+)\s+(\d+)\s*$/.exec(range) ?? [];
  return {
    range: first === undefined ? undefined : { first: Number(first), last: Number(last) },
    reserved: parsePortList(reserved),
  };
}

/** Whether the host may ask from one of the ports. */
export function asksFrom({ range, reserved }: Ephemeral, ports: Ports): boolean {
  if (range === undefined || !portsMeet(range, ports)) return false;
  const first = Math.max(range.first, ports.first);
  const last = Math.min(range.last, ports.last);
  for (let port = first; port <= last; port += 1) {
    const end = reserved.find((part) => holdsPort(part, port))?.last;
    if (end === undefined) return true;
    port = end;
  }
  return false;
}

/** Of a number or a range, as nft prints them in JSON; nothing of anything else. */
export function portsInJson(value: unknown): Ports[] {
  const [first, last] = typeof value === "number" ? [value, value] : listOf(value, "range");
  return typeof first === "number" && typeof last === "number" ? [{ first, last }] : [];
}

/** `8080,9000-9100`, as the kernel writes lists of ports; nothing is none. */
function parsePortList(text: string): Ports[] {
  return [...text.matchAll(/(\d+)(?:-(\d+))?/g)].map(([, first, last = first]) => ({
    first: Number(first),
    last: Number(last),
  }));
}
