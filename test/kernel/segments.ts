/** What IP carries (TCP segments, datagrams, echo requests) as bytes, with right checksums. */
import type { EchoRequest, Packet, TcpFlag, TcpSegment } from "../../src/model/packet.ts";
import { type Address, widthOf } from "../../src/policy/address.ts";

/** What a packet may have besides what the model can tell apart. */
export interface SegmentOddities {
  /** TCP, padded to 4 bytes. */
  readonly tcpOptions?: Uint8Array;
  /** TCP header length in 32-bit words as it claims to be; 5 without options. */
  readonly dataOffset?: number;
  readonly window?: number;
  /** Of the transport header: off by one, or 0. */
  readonly checksum?: "wrong" | "none";
  /** UDP: the length that the header claims. */
  readonly udpLength?: number;
  /** TCP: after the header; UDP: after the id; pings have what `payloadBytes` says. */
  readonly payload?: Uint8Array;
}

export const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 } as const;

const FLAG_BITS: Readonly<Record<TcpFlag, number>> = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
};

export function protocolNumberOf({ content, source }: Packet): number {
  if (content.protocol === "hidden") throw new Error("protocolNumberOf: nobody can see it");
  if (content.protocol !== "ping") return PROTOCOL_NUMBERS[content.protocol];
  return source.family === "ipv4" ? PROTOCOL_NUMBERS.icmp : PROTOCOL_NUMBERS.icmpv6;
}

/**
 * `id` (32 bits) is where the judge finds it: TCP has it as acknowledgement number, which no
 * SYN has a use for (the sequence number stays free, so a SYN and its retransmission can be
 * told apart); UDP as the first 4 bytes of payload, and so pings, or, where those are less
 * than 4 bytes long or have a payload of their own, as ICMP identifier and sequence number. A
 * datagram with a payload of its own has it in the header of IP.
 */
export function segmentOf(packet: Packet, id: number, odd: SegmentOddities = {}): Buffer {
  const { content } = packet;
  switch (content.protocol) {
    case "tcp":
      return withChecksum(packet, tcp(content, id, odd), 16, odd);
    case "udp": {
      const before = content.payload ?? uint32(id);
      const payload = Buffer.concat([before, odd.payload ?? Buffer.alloc(0)]);
      const header = Buffer.alloc(8);
      header.writeUInt16BE(content.sourcePort, 0);
      header.writeUInt16BE(content.destinationPort, 2);
      header.writeUInt16BE(odd.udpLength ?? 8 + payload.length, 4);
      return withChecksum(packet, Buffer.concat([header, payload]), 6, odd);
    }
    case "ping": {
      const request = Buffer.alloc(8 + content.payloadBytes);
      request.set(content.payload ?? [], 8);
      request[0] = packet.source.family === "ipv4" ? 8 : 128;
      request.writeUInt32BE(id, isNamedInPing(content) ? 8 : 4);
      return withChecksum(packet, request, 2, odd);
    }
    case "hidden":
      throw new Error("segmentOf: such packets are made by test/kernel/fuzz.test.ts");
  }
}

/** Whether the id of an echo request is the beginning of its payload. */
export function isNamedInPing({ payloadBytes, payload }: EchoRequest): boolean {
  return payload === undefined && payloadBytes >= 4;
}

function tcp(segment: TcpSegment, id: number, odd: SegmentOddities): Buffer {
  const options = padded(odd.tcpOptions ?? new Uint8Array(), 4);
  const header = Buffer.alloc(20);
  header.writeUInt16BE(segment.sourcePort, 0);
  header.writeUInt16BE(segment.destinationPort, 2);
  header.writeUInt32BE(segment.sequenceNumber, 4);
  header.writeUInt32BE(id, 8);
  header[12] = (odd.dataOffset ?? 5 + options.length / 4) << 4;
  header[13] = (segment.flags ?? ["syn"]).reduce((bits, flag) => bits | FLAG_BITS[flag], 0);
  header.writeUInt16BE(odd.window ?? 64240, 14);
  const payload = odd.payload ?? segment.payload ?? new Uint8Array();
  return Buffer.concat([header, options, payload]);
}

function withChecksum(packet: Packet, segment: Buffer, at: number, odd: SegmentOddities): Buffer {
  const protocol = protocolNumberOf(packet);
  const pseudoHeader = Buffer.concat([
    addressBytes(packet.source),
    addressBytes(packet.destination),
    uint32(segment.length),
    uint32(protocol),
  ]);
  // ICMP of IPv4 alone is summed without the addresses.
  const summed =
    protocol === PROTOCOL_NUMBERS.icmp ? segment : Buffer.concat([pseudoHeader, segment]);
  if (odd.checksum === "none") return segment;
  const sum = internetChecksum(summed) ^ (odd.checksum === "wrong" ? 1 : 0);
  // 0 would say "no checksum" in UDP.
  segment.writeUInt16BE(sum === 0 && protocol === PROTOCOL_NUMBERS.udp ? 0xffff : sum, at);
  return segment;
}

/** RFC 1071. */
export function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  if (bytes.length % 2 === 1) sum += (bytes.at(-1) ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** 4 or 16 bytes. */
export function addressBytes({ family, bits }: Address): Buffer {
  const width = widthOf(family);
  return Buffer.from(bits.toString(16).padStart(width / 4, "0"), "hex");
}

export function padded(bytes: Uint8Array, multiple: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((multiple - (bytes.length % multiple)) % multiple)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
