/** Services that a door could stand before, and names for such doors. */
import type { Listener } from "../../gate/listeners.ts";
import type { Service } from "../../policy/policy.ts";
import { parseDoorName } from "../../policy/value/name.ts";
import { parseService, printService } from "../../policy/value/service.ts";
import { escapeControl } from "../../problem/escape.ts";

export interface Offer {
  readonly service: Service;
  /** What listens there, where that is known. Outside text. */
  readonly process: string | undefined;
}

/** Everything that others can reach: SSH first, then TCP, then UDP, by port. */
export function offersOf(listeners: readonly Listener[]): Offer[] {
  const offers = new Map<string, Listener>();
  for (const listener of listeners.filter(({ isLoopback }) => !isLoopback)) {
    const name = `${listener.protocol}/${listener.port}`;
    if (offers.get(name)?.process === undefined) offers.set(name, listener);
  }
  return [...offers.values()]
    .toSorted((a, b) => rankOf(a) - rankOf(b) || a.port - b.port)
    .flatMap(({ protocol, port, process }) => offerOf(`${protocol}/${port}`, process));
}

/** The offer of a service that was named, with what is known to listen there. */
export function offerAt(service: Service, listeners: readonly Listener[]): Offer {
  const process = listeners.find(
    ({ protocol, port }) =>
      protocol === service.protocol && port >= service.ports.first && port <= service.ports.last,
  )?.process;
  return { service, process };
}

export function isSsh({ service, process }: Offer): boolean {
  return isSshAt(service.protocol, service.ports.first, process);
}

/** `tcp/22    sshd`: outside text escaped. */
export function labelOf({ service, process }: Offer): string {
  return `${printService(service).padEnd(LONGEST_SERVICE)}  ${escapeControl(process ?? "")}`.trimEnd();
}

const LONGEST_SERVICE = "tcp/65535".length;

/** What people call the service; otherwise what a process that calls itself something plain does. */
export function nameOf(offer: Offer): string {
  const { service, process = "" } = offer;
  const plain = /^[\w.-]+$/.test(process) ? process.toLowerCase().replace(/[_.]/g, "-") : "";
  const name = isSsh(offer) ? "ssh" : (KNOWN.get(printService(service)) ?? plain);
  return parseDoorName({ text: name }).ok ? name : `${service.protocol}-${service.ports.first}`;
}

/** The kernel itself listens there, and has no process to name. */
const KNOWN: ReadonlyMap<string, string> = new Map([["udp/51820", "wireguard"]]);

function rankOf({ protocol, port, process }: Listener): number {
  if (isSshAt(protocol, port, process)) return 0;
  return protocol === "tcp" ? 1 : 2;
}

/** Where systemd listens for sshd, the process is systemd. */
function isSshAt(protocol: string, port: number, process: string | undefined): boolean {
  return protocol === "tcp" && (process === "sshd" || port === 22);
}

function offerOf(text: string, process: string | undefined): Offer[] {
  const service = parseService({ text });
  return service.ok ? [{ service: service.value, process }] : [];
}
