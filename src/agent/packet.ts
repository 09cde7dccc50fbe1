/** The knock in a packet that a rule of the gate has handed over. */
import { type Address, parseAddressBytes } from "../policy/address.ts";

export interface Carried {
  readonly source: Address;
  /** All that an echo request or a datagram carries. */
  readonly payload: Uint8Array;
}

const PROTOCOL = { icmp: 1, udp: 17, icmpv6: 58 } as const;
/** Hop-by-hop options, routing, destination options: RFC 8200, section 4. */
const EXTENSIONS = [0, 43, 60];
/** Of UDP, and of an echo request in front of what it carries. */
const HEADER_BYTES = 8;
const IPV6_BYTES = 40;

/** Undefined for what is no such packet, or is not all there. */
export function parseCarried(packet: Uint8Array): Carried | undefined {
  const found = isIpv4(packet) ? readIpv4(packet) : readIpv6(packet);
  if (found === undefined) return undefined;
  const { source, protocol, content } = found;
  if (content.length < HEADER_BYTES) return undefined;
  const isOfUs = protocol === PROTOCOL.udp || protocol === echoProtocol(source);
  return isOfUs ? { source, payload: content.subarray(HEADER_BYTES) } : undefined;
}

function echoProtocol({ family }: Address): number {
  return family === "ipv4" ? PROTOCOL.icmp : PROTOCOL.icmpv6;
}

function isIpv4(packet: Uint8Array): boolean {
  return (packet[0] ?? 0) >> 4 === 4;
}

interface Content {
  readonly source: Address;
  readonly protocol: number;
  readonly content: Uint8Array;
}

function readIpv4(packet: Uint8Array): Content | undefined {
  const header = ((packet[0] ?? 0) & 0x0f) * 4;
  const length = numberAt(packet, 2);
  const source = parseAddressBytes(packet.subarray(12, 16));
  if (source === undefined || header < 20 || length < header || length > packet.length) {
    return undefined;
  }
  return { source, protocol: packet[9] ?? 0, content: packet.subarray(header, length) };
}

function readIpv6(packet: Uint8Array): Content | undefined {
  const length = IPV6_BYTES + numberAt(packet, 4);
  const source = parseAddressBytes(packet.subarray(8, 24));
  if (source === undefined || (packet[0] ?? 0) >> 4 !== 6 || length > packet.length) {
    return undefined;
  }
  let protocol = packet[6] ?? 0;
  let at = IPV6_BYTES;
  // Past the end everything would look like one more of them.
  while (EXTENSIONS.includes(protocol) && at < length) {
    const bytes = 8 * (1 + (packet[at + 1] ?? 0));
    protocol = packet[at] ?? 0;
    at += bytes;
  }
  return at > length ? undefined : { source, protocol, content: packet.subarray(at, length) };
}

function numberAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}
