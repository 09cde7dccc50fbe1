/** The server's checks of a signed knock, in their order: bytes in, a verdict out. */
import { hash } from "node:crypto";
import { type Address, type Prefix, prefixHolds } from "../policy/address.ts";
import type { DoorName } from "../policy/policy.ts";
import { isPrincipal, isValidAt, nameOf, type Signer, takesNamespace } from "./allowed-signers.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { type NoKnock, openKnock } from "./knock.ts";
import { type DecodedMessage, type Message, signedTextOf } from "./message.ts";
import type { SealingKey } from "./sealing-key.ts";
import { NAMESPACE, verifySshSignature } from "./ssh-signature.ts";

/** So far the time of a knock may be from the server's, either way. */
export const WITHIN_MS = 60_000;

/** Bytes of a knock's id. */
export const ID_BYTES = 16;

/** A door as far as signed knocks go. */
export interface SignedDoor {
  readonly name: DoorName;
  /** As a policy writes them: `ping`, `udp/PORT`. */
  readonly carriers: readonly string[];
  /** Whether a knock must say for which address it is. */
  readonly bound: boolean;
  /** Where knocks may come from; undefined: from anywhere. */
  readonly from: readonly Prefix[] | undefined;
  /** Its file of allowed signers. */
  readonly signers: readonly Signer[];
  /** Which of their principals it takes; undefined: all. */
  readonly clients: readonly string[] | undefined;
}

/** A packet that may be a knock. */
export interface ArrivedKnock {
  /** All of the datagram, or of the echo request, behind its header. */
  readonly payload: Uint8Array;
  readonly carrier: string;
  readonly source: Address;
  /** The server's clock, milliseconds since 1970. */
  readonly nowMs: number;
}

export interface SignedGate {
  readonly sealingKey: SealingKey;
  readonly doors: readonly SignedDoor[];
  /**
   * Whether this id was in a knock that opened before. An id has to be kept until its time is more
   * than {@link WITHIN_MS} ago.
   */
  readonly seen: (id: string, timeMs: number) => boolean;
}

export type Refusal =
  | NoKnock
  | "time"
  /** There is no such door. */
  | "door"
  /** No line of the door's file has the key; none that has is valid now, is for knocks, or is for a client of the door. */
  | "signer"
  | "validity"
  | "namespace"
  | "client"
  /** The door does not take signed knocks by this carrier. */
  | "carrier"
  | "signature"
  | "seen"
  /** The knock is for another address than the packet's. */
  | "address"
  /** The door wants an address, and there is none. */
  | "unbound"
  /** The door does not open to this source. */
  | "from";

export interface Opens {
  readonly kind: "opens";
  readonly door: DoorName;
  /** The client that the door names and the line is for, or whom the line names first. */
  readonly client: string;
  readonly fingerprint: Fingerprint;
  /** For which it opens: the packet's source. */
  readonly address: Address;
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly timeMs: number;
}

export interface Refused {
  readonly kind: "refused";
  readonly reason: Refusal;
  /**
   * Who the knock says it is of, and for which door. Whoever knows the sealing key's public half
   * can say so: it is proven only where the reason comes after `signature`.
   */
  readonly who: Partial<Pick<Opens, "door" | "client" | "fingerprint">>;
}

export type Verdict = Opens | Refused;

/** Judges a packet. Total: whatever the bytes are, there is a verdict. */
export function judgeKnock(knock: ArrivedKnock, gate: SignedGate): Verdict {
  const opened = openKnock(knock.payload, gate.sealingKey, knock.carrier, knock.nowMs);
  if (typeof opened === "string") return refused(opened);
  const { message } = opened;
  const { fingerprint, timeMs } = message;
  const claimed = { door: message.door, fingerprint };
  if (Math.abs(timeMs - knock.nowMs) > WITHIN_MS) return refused("time", claimed);
  const door = gate.doors.find(({ name }) => name === message.door);
  if (door === undefined) return refused("door", claimed);
  const found = findSigner(door, fingerprint, knock.nowMs);
  if (typeof found === "string") return refused(found, claimed);
  const who = { ...claimed, client: found.client };
  if (!door.carriers.includes(knock.carrier)) return refused("carrier", who);
  const text = signedTextOf(opened.messageBytes, gate.sealingKey.publicKey);
  if (!isSigned(found.signer, opened, text)) return refused("signature", who);
  const id = knockId(text);
  if (gate.seen(id, timeMs)) return refused("seen", who);
  const fault = faultOfAddress(door, message, knock.source);
  if (fault !== undefined) return refused(fault, who);
  return { kind: "opens", ...who, address: knock.source, id, timeMs };
}

function refused(reason: Refusal, who: Refused["who"] = {}): Refused {
  return { kind: "refused", reason, who };
}

/** By the text that was signed and not by the packet, which others can make anew. */
export function knockId(text: Uint8Array): string {
  return hash("sha256", text, "hex").slice(0, 2 * ID_BYTES);
}

type NoSigner = "signer" | "validity" | "namespace" | "client";
const NO_SIGNER: readonly NoSigner[] = ["signer", "validity", "namespace", "client"];

/** A key may be in several lines: one that passes will do, else the one that came furthest counts. */
function findSigner(
  door: SignedDoor,
  fingerprint: Fingerprint,
  nowMs: number,
): { readonly signer: Signer; readonly client: string } | NoSigner {
  let furthest = 0;
  for (const signer of door.signers) {
    if (signer.key.fingerprint !== fingerprint) continue;
    const client = clientOf(signer, door.clients);
    const fault = faultOfSigner(signer, client, nowMs);
    if (fault === undefined && client !== undefined) return { signer, client };
    furthest = Math.max(furthest, NO_SIGNER.indexOf(fault ?? "client"));
  }
  return NO_SIGNER[furthest] ?? "signer";
}

function clientOf(signer: Signer, clients: SignedDoor["clients"]): string | undefined {
  if (clients === undefined) return nameOf(signer);
  return clients.find((client) => isPrincipal(signer, client));
}

function faultOfSigner(
  signer: Signer,
  client: string | undefined,
  nowMs: number,
): NoSigner | undefined {
  if (!isValidAt(signer, nowMs)) return "validity";
  if (!takesNamespace(signer, NAMESPACE)) return "namespace";
  return client === undefined ? "client" : undefined;
}

function isSigned({ key }: Signer, { hash: name, signature }: DecodedMessage, text: Buffer) {
  return verifySshSignature(key, name, signature, text);
}

function faultOfAddress(
  { bound, from }: SignedDoor,
  { address }: Message,
  source: Address,
): "address" | "unbound" | "from" | undefined {
  if (address === undefined) {
    if (bound) return "unbound";
  } else if (address.family !== source.family || address.bits !== source.bits) {
    return "address";
  }
  if (from === undefined || from.some((prefix) => prefixHolds(prefix, source))) return undefined;
  return "from";
}
