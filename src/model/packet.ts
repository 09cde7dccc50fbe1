/**
 * A packet, as far as a policy can tell packets apart. The model, the interpreter and the
 * tests that make real packets share this one type.
 */
import type { Address } from "../policy/address.ts";

export interface Packet {
  /** Of the same family as `destination`, which is as the sender wrote it (before any NAT). */
  readonly source: Address;
  readonly destination: Address;
  /**
   * What the host's routing says of the destination: `elsewhere` for an address that it would
   * forward to, `here` for its own addresses and for broadcast and multicast, which it also
   * takes in.
   */
  readonly destined: "here" | "elsewhere";
  /** The interface that it came in by. */
  readonly interface: string;
  readonly content: TcpSegment | Datagram | EchoRequest;
}

export type TcpFlag = "fin" | "syn" | "rst" | "psh" | "ack" | "urg" | "ece" | "cwr";

export interface TcpSegment {
  readonly protocol: "tcp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Undefined: a first fragment that ends before the flags. */
  readonly flags: readonly TcpFlag[] | undefined;
  readonly sequenceNumber: number;
  /** After the header and its options; undefined: none. */
  readonly payload?: Uint8Array;
  /** Which socket of the host would take it; forwarded connections have none here. */
  readonly socket: "none" | "listener" | "connection";
}

export interface Datagram {
  readonly protocol: "udp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload?: Uint8Array;
}

/** An ICMP or ICMPv6 echo request, without IP options or extension headers. */
export interface EchoRequest {
  readonly protocol: "ping";
  /** Bytes after the 8 of the ICMP header. */
  readonly payloadBytes: number;
  /** So many; undefined: whatever they are. */
  readonly payload?: Uint8Array;
}
