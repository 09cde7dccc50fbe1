/** Answers that came back, so that those for two ports can be held against each other. */
import { PROTOCOL_NUMBERS } from "./segments.ts";

const ETHERNET_BYTES = 14;
const TCP_FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"] as const;

/** Unreachable, source quench, redirect, time exceeded, parameter problem. */
const ICMP_ERRORS = [3, 4, 5, 11, 12];

export interface Answer {
  /** `syn ack`, `rst ack`, `icmp 3/3`, `udp`, ... */
  readonly kind: string;
  /** Who got it, in hexadecimal. */
  readonly to: string;
  /**
   * The whole IP packet in hexadecimal, less what differs between two ports of one host or
   * between two packets: `ports` themselves, checksums, IPv6 flow label, the IP id of ICMP.
   */
  readonly likeness: string;
}

/** Reads a frame that was sent in answer to something that came to one of `ports`. */
export function parseAnswer(frame: Uint8Array, ports: readonly number[] = []): Answer {
  const packet = Buffer.from(frame.subarray(ETHERNET_BYTES));
  const to = isIpv4(packet, 0) ? packet.subarray(16, 20) : packet.subarray(24, 40);
  const { at, protocol } = transportOf(packet, 0);
  const kind = kindOf(packet, at, protocol);
  const answer = { kind, to: to.toString("hex") };
  blot(packet, 0, ports);
  if (quotesAnother(packet, at, protocol)) blot(packet, at + 8, ports);
  return { ...answer, likeness: packet.toString("hex") };
}

function isIpv4(packet: Buffer, at: number): boolean {
  return (packet[at] ?? 0) >> 4 === 4;
}

const EXTENSION_HEADERS = [0, 43, 44, 60];

/** Where the header after IP's and its extensions begins, and which it is. */
function transportOf(packet: Buffer, start: number): { at: number; protocol: number } {
  if (isIpv4(packet, start)) {
    return { at: start + ((packet[start] ?? 0) & 15) * 4, protocol: packet[start + 9] ?? 0 };
  }
  let protocol = packet[start + 6] ?? 0;
  let at = start + 40;
  while (EXTENSION_HEADERS.includes(protocol)) {
    const length = protocol === 44 ? 8 : ((packet[at + 1] ?? 0) + 1) * 8;
    protocol = packet[at] ?? 0;
    at += length;
  }
  return { at, protocol };
}

function kindOf(packet: Buffer, at: number, protocol: number): string {
  switch (protocol) {
    case PROTOCOL_NUMBERS.tcp:
      return TCP_FLAGS.filter((_, bit) => (packet[at + 13] ?? 0) & (1 << bit)).join(" ");
    case PROTOCOL_NUMBERS.udp:
      return "udp";
    case PROTOCOL_NUMBERS.icmp:
    case PROTOCOL_NUMBERS.icmpv6:
      return `icmp ${packet[at]}/${packet[at + 1]}`;
    default:
      return `protocol ${protocol}`;
  }
}

/** Whether it is an ICMP error: those end with the packet that they are about. */
function quotesAnother(packet: Buffer, at: number, protocol: number): boolean {
  const type = packet[at] ?? 0;
  if (protocol === PROTOCOL_NUMBERS.icmpv6) return type < 128;
  return protocol === PROTOCOL_NUMBERS.icmp && ICMP_ERRORS.includes(type);
}

/** Blots out what may differ in the IP packet that begins at `start`. */
function blot(packet: Buffer, start: number, ports: readonly number[]): void {
  const { at, protocol } = transportOf(packet, start);
  if (isIpv4(packet, start)) {
    packet.fill(0, start + 10, start + 12);
    if (protocol === PROTOCOL_NUMBERS.icmp) packet.fill(0, start + 4, start + 6);
  } else {
    packet.fill(0, start + 1, start + 4);
  }
  const checksum = at + checksumOffsetIn(protocol);
  // Of what is quoted, that much may be missing.
  packet.subarray(checksum, checksum + 2).fill(0);
  if (protocol !== PROTOCOL_NUMBERS.tcp && protocol !== PROTOCOL_NUMBERS.udp) return;
  for (const portAt of [at, at + 2]) {
    if (ports.includes(packet.readUInt16BE(portAt))) packet.fill(0, portAt, portAt + 2);
  }
}

function checksumOffsetIn(protocol: number): number {
  switch (protocol) {
    case PROTOCOL_NUMBERS.tcp:
      return 16;
    case PROTOCOL_NUMBERS.udp:
      return 6;
    default:
      return 2;
  }
}
