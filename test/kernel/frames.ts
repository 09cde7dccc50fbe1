/** A packet as the Ethernet frames that carry it: one, or as many as it has fragments. */
import type { Packet } from "../../src/model/packet.ts";
import type { Address } from "../../src/policy/address.ts";
import type { Link } from "./network.ts";
import {
  addressBytes,
  internetChecksum,
  padded,
  protocolNumberOf,
  type SegmentOddities,
  segmentOf,
} from "./segments.ts";

export interface Oddities extends SegmentOddities {
  /** Cut into pieces of so many bytes (a multiple of 8), sent in this order. */
  readonly fragments?: { readonly bytes: number; readonly order: "forward" | "reverse" };
  /** Padded to 4 bytes. */
  readonly ipv4Options?: Uint8Array;
  /** In the order in which they stand. */
  readonly ipv6Headers?: readonly Ipv6Header[];
  /** Default: the server's, or what belongs to a multicast or the broadcast address. */
  readonly destinationMac?: Uint8Array;
}

/** `routing`: with no way left to go; `atomic-fragment`: a fragment header on a packet that is all there. */
export type Ipv6Header = "hop-by-hop" | "routing" | "destination-options" | "atomic-fragment";

export const BROADCAST_MAC = new Uint8Array(6).fill(0xff);

/** What the headers of IP have room for: the identification of IPv4 has 16 bits. */
const HIGHEST_ID_IN_IP = 0xffff;

/** How many bytes of TCP a first fragment without the flags has. */
const BEFORE_FLAGS_BYTES = 8;

/**
 * The frames of `packet` from the client's end of `link` to the server's. `id` (1 to 2^32 - 1;
 * ordinary SYNs have 0 there) is how the judge names it; packets with `flags: undefined` are
 * named by their sequence number.
 */
export function framesOf(packet: Packet, id: number, link: Link, odd: Oddities = {}): Buffer[] {
  if (id === 0) throw new Error("framesOf: 0 is not an id");
  if (isNamedInIp(packet) && id > HIGHEST_ID_IN_IP) {
    throw new Error(`framesOf: ${id} is too high for a datagram with a payload of its own`);
  }
  const segment = segmentOf(packet, id, odd);
  const packets =
    packet.source.family === "ipv4"
      ? ipv4(packet, segment, id, odd)
      : ipv6(packet, segment, id, odd);
  const header = Buffer.concat([
    odd.destinationMac ?? macFor(packet.destination) ?? link.server.mac,
    link.client.mac,
    packet.source.family === "ipv4" ? Buffer.of(0x08, 0x00) : Buffer.of(0x86, 0xdd),
  ]);
  return packets.map((bytes) => Buffer.concat([header, bytes]));
}

/** Whether the id of a packet is the identification of IPv4 or the flow label of IPv6. */
export function isNamedInIp({ content }: Packet): boolean {
  return content.protocol === "udp" && content.payload !== undefined;
}

/** One frame a packet; the ids are the places in the list, counted from 1. */
export function framesInOrder(packets: readonly Packet[], link: Link): Buffer[] {
  return packets.flatMap((packet, index) => framesOf(packet, index + 1, link));
}

interface Piece {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly more: boolean;
}

/** Undefined: not fragmented. */
function piecesOf(packet: Packet, whole: Buffer, odd: Oddities): Piece[] | undefined {
  const { content } = packet;
  if (content.protocol === "tcp" && content.flags === undefined) {
    return [{ bytes: whole.subarray(0, BEFORE_FLAGS_BYTES), offset: 0, more: true }];
  }
  if (odd.fragments === undefined) return undefined;
  const { bytes: size, order } = odd.fragments;
  const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => ({
    bytes: whole.subarray(i * size, (i + 1) * size),
    offset: i * size,
    more: (i + 1) * size < whole.length,
  }));
  return order === "forward" ? pieces : pieces.toReversed();
}

function ipv4(packet: Packet, segment: Buffer, id: number, odd: Oddities): Buffer[] {
  const pieces = piecesOf(packet, segment, odd) ?? [{ bytes: segment, offset: 0, more: false }];
  const options = padded(odd.ipv4Options ?? new Uint8Array(), 4);
  return pieces.map(({ bytes, offset, more }) => {
    const header = Buffer.concat([Buffer.alloc(20), options]);
    header[0] = 0x40 | (header.length / 4);
    header.writeUInt16BE(header.length + bytes.length, 2);
    header.writeUInt16BE(id & 0xffff, 4);
    header.writeUInt16BE((more ? 0x2000 : 0) | (offset / 8), 6);
    header[8] = 64;
    header[9] = protocolNumberOf(packet);
    addressBytes(packet.source).copy(header, 12);
    addressBytes(packet.destination).copy(header, 16);
    header.writeUInt16BE(internetChecksum(header), 10);
    return Buffer.concat([header, bytes]);
  });
}

const IPV6_HEADERS = {
  "hop-by-hop": { number: 0, body: Buffer.of(0, 1, 4, 0, 0, 0, 0) },
  routing: { number: 43, body: Buffer.of(0, 0, 0, 0, 0, 0, 0) },
  "destination-options": { number: 60, body: Buffer.of(0, 1, 4, 0, 0, 0, 0) },
  "atomic-fragment": { number: 44, body: Buffer.of(0, 0, 0, 0, 0, 0, 1) },
} as const;

function ipv6(packet: Packet, segment: Buffer, id: number, odd: Oddities): Buffer[] {
  const headers = odd.ipv6Headers ?? [];
  // Hop-by-hop options stand before a fragment header and in every fragment.
  const inEach = headers.filter((header) => header === "hop-by-hop");
  const cut = headers.filter((header) => header !== "hop-by-hop");
  const whole = chain(cut, protocolNumberOf(packet), segment);
  const pieces = piecesOf(packet, whole.bytes, odd);
  const payloads = pieces?.map((piece) => fragment(piece, whole.first, id)) ?? [whole];
  return payloads.map(({ first, bytes }) => {
    const payload = chain(inEach, first, bytes);
    const header = Buffer.alloc(40);
    header.writeUInt32BE(0x6000_0000 | (id & HIGHEST_ID_IN_IP), 0);
    header.writeUInt16BE(payload.bytes.length, 4);
    header[6] = payload.first;
    header[7] = 64;
    addressBytes(packet.source).copy(header, 8);
    addressBytes(packet.destination).copy(header, 24);
    return Buffer.concat([header, payload.bytes]);
  });
}

/** Bytes, and the number of the header that they begin with. */
interface Payload {
  readonly first: number;
  readonly bytes: Buffer;
}

function chain(headers: readonly Ipv6Header[], last: number, segment: Buffer): Payload {
  return headers.reduceRight<Payload>(
    ({ first, bytes }, header) => {
      const { number, body } = IPV6_HEADERS[header];
      return { first: number, bytes: Buffer.concat([Buffer.of(first), body, bytes]) };
    },
    { first: last, bytes: segment },
  );
}

function fragment({ bytes, offset, more }: Piece, next: number, id: number): Payload {
  const header = Buffer.alloc(8);
  header[0] = next;
  header.writeUInt16BE(offset | (more ? 1 : 0), 2);
  header.writeUInt32BE(id, 4);
  return { first: IPV6_HEADERS["atomic-fragment"].number, bytes: Buffer.concat([header, bytes]) };
}

/** The address of Ethernet that belongs to a multicast or the broadcast address. */
export function macFor(destination: Address): Uint8Array | undefined {
  const bytes = addressBytes(destination);
  if (destination.family === "ipv6") {
    return bytes[0] === 0xff
      ? Buffer.concat([Buffer.of(0x33, 0x33), bytes.subarray(12)])
      : undefined;
  }
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (first === 255) return BROADCAST_MAC;
  if (first < 224 || first > 239) return undefined;
  return Uint8Array.of(0x01, 0x00, 0x5e, second & 0x7f, third, fourth);
}
