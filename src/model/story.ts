/** A story: what happens to a gate, in order. */
import type { Address } from "../policy/address.ts";
import type { Carrier } from "../policy/carriers.ts";
import type { Packet } from "./packet.ts";

/** `at` is in seconds on any one clock and never goes back within a story. */
export type Event = { readonly at: number } & (
  | { readonly kind: "packet"; readonly packet: Packet }
  /** A packet that leaves the host, as who receives it sees it. */
  | { readonly kind: "answer"; readonly packet: Packet }
  | {
      readonly kind: "open";
      readonly door: string;
      readonly source: Address;
      readonly forSeconds: number;
    }
  /** Without a source: for everybody. */
  | { readonly kind: "close"; readonly door: string; readonly source?: Address }
  /** Without an end: until it is lifted. */
  | { readonly kind: "ban"; readonly source: Address; readonly forSeconds?: number }
  | { readonly kind: "unban"; readonly source: Address }
  /** From now on for so long the token opens the door by that carrier, once. */
  | {
      readonly kind: "load";
      readonly door: string;
      readonly carrier: Carrier;
      /** As it stands in the packet. */
      readonly token: Uint8Array;
      readonly forSeconds: number;
    }
);

export type Story = readonly Event[];
