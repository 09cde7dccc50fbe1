/** One-time tokens as stories tell of them: any 16 bytes will do, as the gate only compares them. */
import { createHash } from "node:crypto";
import type { Packet } from "../../src/model/packet.ts";
import { printAddress } from "../../src/policy/address.ts";
import { CARRIERS, type Carrier, printCarrier, WIRE_BYTES } from "../../src/policy/carriers.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { Cast } from "./arbitrary.ts";

/** The token of that name; no two casts share one, so that they can play at one gate. */
export function tokenOf({ sources: [first] }: Pick<Cast, "sources">, name: string): Buffer {
  const digest = createHash("sha256")
    .update(`${printAddress(first)} ${name}`)
    .digest();
  return digest.subarray(0, WIRE_BYTES);
}

/** The names of the tokens that random stories have, for each door and carrier of a policy. */
export function namesOf({ doors }: Policy): { door: string; carrier: Carrier; name: string }[] {
  return doors.flatMap(({ name: door, token }) =>
    (token?.carriers ?? []).flatMap((carrier) =>
      ["A", "B"].map((letter) => ({
        ...{ door, carrier },
        name: `${door} ${printCarrier(carrier)} ${letter}`,
      })),
    ),
  );
}

/** Why a packet with a token in it is none that carries one. */
export const FAULTS = ["cut", "shifted", "unmarked", "bare"] as const;
export type Fault = (typeof FAULTS)[number];

/** A packet of a carrier; what such a packet has besides its marks and the token is 0. */
export function carried(carrier: Carrier, token: Uint8Array, fault?: Fault): Packet["content"] {
  const payload = payloadOf(carrier, token, fault);
  if (carrier.kind === "ping") return { protocol: "ping", payloadBytes: payload.length, payload };
  const ports = { sourcePort: 40_099, destinationPort: carrier.port };
  if (CARRIERS[carrier.kind].protocol === "udp") return { protocol: "udp", ...ports, payload };
  const segment = { flags: ["psh", "ack"], sequenceNumber: 5, socket: "none" } as const;
  return { protocol: "tcp", ...ports, ...segment, payload };
}

function payloadOf({ kind }: Carrier, token: Uint8Array, fault: Fault | undefined): Buffer {
  const { offset, marks } = CARRIERS[kind];
  const payload = Buffer.alloc(offset + WIRE_BYTES + 1);
  for (const { at, bytes } of marks) payload.set(bytes, at);
  const [first] = marks;
  // Of a carrier without marks there is nothing that could be wrong besides.
  if (fault === "unmarked" && first !== undefined) payload.writeUInt8(0xee, first.at);
  payload.set(token, fault === "shifted" ? offset + 1 : offset);
  if (fault === "cut") return payload.subarray(0, offset + WIRE_BYTES - 1);
  return fault === "bare" ? payload.subarray(0, offset) : payload.subarray(0, offset + WIRE_BYTES);
}
