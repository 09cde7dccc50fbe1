/**
 * The packets that can carry a one-time token (design 6.2), one row each. The notation, the rules,
 * the model and the client all read this table: a new carrier is a row. Some of them can carry a
 * signed knock as well (design 7).
 */
import type { Port } from "./policy.ts";

export type CarrierKind = "ping" | "udp" | "dns" | "http" | "tls";

export type Carrier =
  | { readonly kind: "ping" }
  | { readonly kind: Exclude<CarrierKind, "ping">; readonly port: Port };

/** What has room for a signed knock in one packet. */
export type SignedCarrier =
  | { readonly kind: "ping" }
  | { readonly kind: "udp"; readonly port: Port };

export interface CarrierForm {
  /** What the packet is, in words. */
  readonly packet: string;
  /** Of `ping` an echo request, whatever the family. */
  readonly protocol: "ping" | "udp" | "tcp";
  /** Where the token begins: bytes after the header of ICMP, UDP or TCP. It has 16 on every carrier. */
  readonly offset: number;
  /** What else the packet has, and where. Whatever has something else there is no such packet. */
  readonly marks: readonly Mark[];
  /** How the token is written: as it is, or as text of so many characters of 5 or 6 bits. */
  readonly writing: "bytes" | "base32" | "base64url";
  /** Bytes of the token before it is written. */
  readonly tokenBytes: number;
}

export interface Mark {
  readonly at: number;
  readonly bytes: readonly number[];
}

/** Each token is for a slot of so many seconds of Unix time (design 6.1). */
export const SLOT_SECONDS = 10;

/** What a token is on the way, whatever it is written in. */
export const WIRE_BYTES = 16;

/** A signed knock begins with so many bytes that tell it from what is none. */
export const TAG_BYTES = 8;

/** Of a signed knock, which is the whole payload of its packet. */
export const SIGNED_PAYLOAD_BYTES = { least: 184, most: 1208 } as const;

const DNS_HEADER_BYTES = 12;

export const CARRIERS: Readonly<Record<CarrierKind, CarrierForm>> = {
  ping: {
    packet: "an echo request",
    protocol: "ping",
    // `ping` of iputils puts a time stamp before its pattern.
    offset: 16,
    marks: [],
    writing: "bytes",
    tokenBytes: 16,
  },
  udp: {
    packet: "a datagram",
    protocol: "udp",
    offset: 0,
    marks: [],
    writing: "bytes",
    tokenBytes: 16,
  },
  dns: {
    packet: "a DNS query whose name begins with a label of 16 characters",
    protocol: "udp",
    offset: DNS_HEADER_BYTES + 1,
    marks: [{ at: DNS_HEADER_BYTES, bytes: [WIRE_BYTES] }],
    writing: "base32",
    tokenBytes: 10,
  },
  http: {
    packet: "a segment that begins an HTTP request with GET",
    protocol: "tcp",
    offset: 5,
    marks: [{ at: 0, bytes: [...new TextEncoder().encode("GET /")] }],
    writing: "base64url",
    tokenBytes: 12,
  },
  tls: {
    packet: "a segment that begins with the record of a ClientHello",
    protocol: "tcp",
    // A record's header, the handshake's, the legacy version, then the random (RFC 8446, 4.1.2).
    offset: 11,
    marks: [
      { at: 0, bytes: [22] },
      { at: 5, bytes: [1] },
    ],
    writing: "bytes",
    tokenBytes: 16,
  },
};

export const CARRIER_KINDS = Object.keys(CARRIERS) as CarrierKind[];

export function isSignedCarrier(carrier: Carrier): carrier is SignedCarrier {
  return carrier.kind === "ping" || carrier.kind === "udp";
}

/** As a policy writes it; this text is also what a token is made for. */
export function printCarrier(carrier: Carrier): string {
  return carrier.kind === "ping" ? carrier.kind : `${carrier.kind}/${carrier.port}`;
}
