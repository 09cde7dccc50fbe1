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
  /** A first fragment, as it comes where fragments are not put together before the gate. */
  readonly isFragment?: true;
  readonly content: TcpSegment | Datagram | EchoRequest | HiddenTransport;
}

/**
 * An IPv6 packet of which netfilter cannot find the transport header where the host will find it.
 * `split`: a first fragment that ends before it. `misplaced`: a fragment header stands behind a
 * header other than hop-by-hop.
 */
export interface HiddenTransport {
  readonly protocol: "hidden";
  readonly by: "split" | "misplaced";
  readonly payload?: Uint8Array;
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
  /**
   * Which socket of the host would take it; forwarded connections have none here. `half-open`: the
   * handshake is under way, or the connection was closed a short time ago.
   */
  readonly socket: "none" | "listener" | "half-open" | "connection";
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
