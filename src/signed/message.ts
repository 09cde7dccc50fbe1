/** What a knock says, and the plaintext that it is sealed in with its signature. */
import { type Address, parseAddress, prefixOf, unmapPrefix } from "../policy/address.ts";
import type { DoorName } from "../policy/policy.ts";
import { parseDoorName } from "../policy/value/name.ts";
import {
  bytesOfFingerprint,
  FINGERPRINT_BYTES,
  type Fingerprint,
  printFingerprint,
} from "./fingerprint.ts";
import { HASHES, type SignatureHash } from "./ssh-signature.ts";
import { type WireReader, wireReader } from "./wire.ts";

export const VERSION = 1;
export const NONCE_BYTES = 16;

/** A plaintext is padded to a multiple of this. */
export const PLAINTEXT_STEP = 64;
export const LEAST_PLAINTEXT = 128;
export const MOST_PLAINTEXT = 1152;

export interface Message {
  /** Milliseconds since 1970, by the knocker's clock. */
  readonly timeMs: number;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  /** Of the key that signs. */
  readonly fingerprint: Fingerprint;
  /** The source that it is to open for; undefined: the one that the packet has. */
  readonly address: Address | undefined;
  readonly door: DoorName;
}

/** A message with its signature: what is sealed. */
export interface SignedMessage {
  readonly message: Message;
  readonly hash: SignatureHash;
  /** The inner blob of an SSH signature. */
  readonly signature: Uint8Array;
}

export interface DecodedMessage extends SignedMessage {
  /** The message as it came: what was signed is made of these bytes. */
  readonly messageBytes: Buffer;
}

export function encodeMessage({ timeMs, nonce, fingerprint, address, door }: Message): Buffer {
  if (nonce.length !== NONCE_BYTES) throw new Error("encodeMessage: the nonce has not 16 bytes");
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timeMs));
  return Buffer.concat([
    Buffer.from([VERSION]),
    time,
    nonce,
    bytesOfFingerprint(fingerprint),
    encodeAddress(address),
    Buffer.from([door.length]),
    Buffer.from(door),
  ]);
}

/** What is signed: bound to the server, so that nobody can use a knock at another. */
export function signedText(message: Message, sealingPublicKey: Uint8Array): Buffer {
  return signedTextOf(encodeMessage(message), sealingPublicKey);
}

export function signedTextOf(messageBytes: Uint8Array, sealingPublicKey: Uint8Array): Buffer {
  return Buffer.concat([sealingPublicKey, messageBytes]);
}

/** Whether message and signature fit into one packet: an RSA key of 8192 bits may be too much. */
export function knockFits(signed: SignedMessage): boolean {
  return contentOf(signed).length <= MOST_PLAINTEXT;
}

export function encodePlaintext(signed: SignedMessage): Buffer {
  const content = contentOf(signed);
  const byteCount = Math.ceil(content.length / PLAINTEXT_STEP) * PLAINTEXT_STEP;
  if (byteCount < LEAST_PLAINTEXT || byteCount > MOST_PLAINTEXT) {
    throw new Error(`encodePlaintext: ${content.length} bytes do not make a knock`);
  }
  return Buffer.concat([content, Buffer.alloc(byteCount - content.length)]);
}

function contentOf({ message, hash, signature }: SignedMessage): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(HASHES[hash]);
  head.writeUInt16BE(signature.length, 1);
  return Buffer.concat([encodeMessage(message), head, signature]);
}

/** Reads a plaintext in its one right form; total, like all that reads what anybody may send. */
export function decodePlaintext(plaintext: Buffer): DecodedMessage | "version" | "malformed" {
  const reader = wireReader(plaintext);
  if (reader.uint8() !== VERSION) return "version";
  const timeMs = Number(`0x${reader.bytes(8).toString("hex") || "0"}`);
  const nonce = reader.bytes(NONCE_BYTES);
  const digest = reader.bytes(FINGERPRINT_BYTES);
  const address = decodeAddress(reader);
  const door = parseDoorName({ text: reader.bytes(reader.uint8()).toString("latin1") });
  const messageBytes = reader.consumed();
  const hash = HASH_NAMES.get(reader.uint8());
  const signature = reader.bytes(reader.uint16());
  const paddingBytes = plaintext.length - reader.consumed().length;
  const isPadded = reader.bytes(paddingBytes).every((byte) => byte === 0);
  const isWhole = reader.isSpent() && isPadded && paddingBytes < PLAINTEXT_STEP;
  if (!isWhole || !door.ok || hash === undefined || address === "malformed") return "malformed";
  const fingerprint = printFingerprint(digest);
  const message = { timeMs, nonce, fingerprint, address, door: door.value };
  return { message, messageBytes, hash, signature };
}

const HASH_NAMES = new Map(
  Object.entries(HASHES).map(([name, number]) => [number as number, name as SignatureHash]),
);

function encodeAddress(address: Address | undefined): Buffer {
  if (address === undefined) return Buffer.from([0]);
  // No packet carries an IPv4-mapped address: what is meant is the IPv4 address.
  const { family, bits } = unmapPrefix(prefixOf(address))?.first ?? address;
  const [mark, digits] = family === "ipv4" ? ["04", 8] : ["06", 32];
  return Buffer.from(`${mark}${bits.toString(16).padStart(digits, "0")}`, "hex");
}

function decodeAddress(reader: WireReader): Address | undefined | "malformed" {
  const family = reader.uint8();
  switch (family) {
    case 0:
      return undefined;
    case 4:
      return parseAddress(reader.bytes(4).join(".")) ?? "malformed";
    case 6: {
      const address = parseAddress(hexGroups(reader.bytes(16)));
      if (address === undefined || unmapPrefix(prefixOf(address)) !== undefined) return "malformed";
      return address;
    }
    default:
      return "malformed";
  }
}

function hexGroups(bytes: Buffer): string {
  return (bytes.toString("hex").match(/.{4}/g) ?? []).join(":");
}
