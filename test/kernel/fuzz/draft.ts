/** A packet as the fuzzer draws it: plain data, so that it can be made smaller one part at a time. */
import type { Packet } from "../../../src/model/packet.ts";
import type { Address } from "../../../src/policy/address.ts";
import type { SegmentOddities } from "../segments.ts";

export interface Draft {
  /** 1 to {@link HIGHEST_ID}: names the packet in what comes of it. */
  readonly id: number;
  /** What a listener gets when every layer comes off. */
  readonly core: Packet;
  readonly odd: SegmentOddities;
  /** From the inside out. IPv4 has fragments alone. */
  readonly layers: readonly Layer[];
  readonly ip: IpOddities;
  /** Shuffles the frames, and doubles some; undefined: each once, in order. */
  readonly disorder?: number | undefined;
}

export type Layer = HeaderLayer | FragmentLayer;

/** An extension header of IPv6 in front of all that is inside. */
export interface HeaderLayer {
  readonly kind: "header";
  readonly number: number;
  /** All but the first byte, which names what follows. */
  readonly body: Uint8Array;
}

export interface FragmentLayer {
  readonly kind: "fragments";
  readonly identification: number;
  /** Bytes before each cut, in order; none: an atomic fragment (IPv4: none at all). */
  readonly cuts: readonly number[];
  /** What the fragment headers claim to follow; undefined: what does. */
  readonly next?: number | undefined;
  /** The same for all but the first fragment. */
  readonly nextOfRest?: number | undefined;
  /** Each fragment but the first begins so many bytes early, with these bytes or with noise. */
  readonly overlap?: { readonly bytes: number; readonly isNoise: boolean } | undefined;
  /** The bits of the offset's field that nobody uses: 0 to 3 (IPv4: 0 and 1). */
  readonly reserved: number;
}

export interface IpOddities {
  /** IPv6: to whom the packet says that it goes; undefined: to whom it goes in the end. */
  readonly destination?: Address;
  /** IPv4: padded to 4 bytes. */
  readonly options?: Uint8Array;
  /** IPv6: a payload length of 0, as jumbograms have it. */
  readonly hasNoLength?: boolean;
  /** Bytes of the frame behind the packet. */
  readonly trailer?: number;
  /** IPv4: its identification; IPv6: the flow label. */
  readonly label: number;
}

export const HIGHEST_ID = 1_000_000;

/** By so much apart: what answers a packet counts its bytes. */
const SPACE = 4096;

/** What the packet has as sequence and acknowledgement numbers. */
export function sequenceOf(id: number): number {
  return id * SPACE;
}

/** Which packet a number in an answer goes back to. */
export function idOf(sequence: number): number {
  return Math.floor(sequence / SPACE);
}
