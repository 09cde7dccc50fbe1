/** What may be a signed knock, as stories tell of it: to the kernel only its size and tag matter. */
import type { Packet } from "../../src/model/packet.ts";
import { SIGNED_PAYLOAD_BYTES, type SignedCarrier, TAG_BYTES } from "../../src/policy/carriers.ts";

/** The one with which signed knocks begin in every story. */
export const STORY_TAG = Buffer.from("7d0f19c3a4e2b586", "hex");

interface Shape {
  readonly tag?: Buffer;
  /** Of the payload. */
  readonly bytes?: number;
}

/** A packet of a carrier that is handed over where its tag is known. */
export function candidate(
  carrier: SignedCarrier,
  { tag = STORY_TAG, bytes = SIGNED_PAYLOAD_BYTES.least }: Shape = {},
): Packet["content"] {
  const payload = Buffer.alloc(Math.max(bytes, TAG_BYTES));
  payload.set(tag);
  const cut = payload.subarray(0, bytes);
  if (carrier.kind === "ping") return { protocol: "ping", payloadBytes: cut.length, payload: cut };
  return { protocol: "udp", sourcePort: 40_098, destinationPort: carrier.port, payload: cut };
}
