/** How a vector is made: a good knock, and what is done to it at one place of the way. */
import { createHash, createHmac } from "node:crypto";
import { parseAddress } from "../../../src/policy/address.ts";
import { sealTo } from "../../../src/signed/seal.ts";
import { privateKeyOf, publicBytesOf } from "../../../src/signed/x25519.ts";
import type { SigningOptions } from "../signer.ts";
import { type KeyName, keyNamed } from "./keys.ts";

/** 2025-11-24 16:00:00 UTC */
export const NOW = 1_764_000_000_000;

export interface Plan {
  /** The first line of the file. */
  readonly note: string;
  /** `opens` and the client's name, or why it does not. */
  readonly result: string;
  readonly key?: KeyName;
  /** Whose fingerprint is said, if it is another's. */
  readonly claims?: KeyName;
  /** The packet is sent by this carrier, and sealed for it. */
  readonly carrier?: string;
  readonly sealedFor?: string;
  readonly source?: string;
  /** For which the knock is; `none`, or the bytes as they stand. */
  readonly address?: string;
  readonly door?: string | Buffer;
  readonly version?: number;
  /** The time in the knock, later than the server's by so many milliseconds. */
  readonly lateMs?: number;
  readonly timeHex?: string;
  /** The slot of the tag, later than the present one. */
  readonly slots?: number;
  readonly topBit?: boolean;
  readonly hash?: number;
  readonly signing?: SigningOptions;
  /** Of the server that the knock is signed, sealed or tagged for, if it is another. */
  readonly signedFor?: Buffer;
  readonly sealedTo?: Buffer;
  readonly signature?: (signature: Buffer) => Buffer;
  /** Done to the message once it is signed. */
  readonly message?: (message: Buffer) => Buffer;
  readonly signatureLength?: (byteCount: number) => number;
  readonly plaintext?: (plaintext: Buffer) => Buffer;
  readonly packet?: (packet: Buffer) => Buffer;
  /** Lines of the server's side; KEY is the signer's, or that of `known`. */
  readonly known?: KeyName;
  readonly server?: readonly string[];
  /** Its id was seen before. */
  readonly isSeen?: boolean;
}

const INFO = Buffer.from("postern signed v1");

export const SEALING_KEY = createHash("sha256").update("a sealing key of vectors").digest();
export const OTHER_SERVER = publicBytesOf(privateKeyOf(chance("another server")));
const S = publicBytesOf(privateKeyOf(SEALING_KEY));

/** Bytes that look random, and are the same each time. */
function chance(of: string): Buffer {
  return createHash("sha256").update(of).digest();
}

export interface Made {
  readonly message: Buffer;
  readonly signature: Buffer;
  readonly plaintext: Buffer;
  readonly ephemeral: Buffer;
  readonly packet: Buffer;
}

export function packetOf(plan: Plan): Made {
  const { key = "ed25519", note, hash = 2, carrier = "ping", slots = 0 } = plan;
  const signer = keyNamed(key);
  const { line } = keyNamed(plan.claims ?? key);
  const said = messageOf(plan, chance(`${note} nonce`).subarray(0, 16), line);
  const text = Buffer.concat([plan.signedFor ?? S, said]);
  const options = { hash: hash === 1 ? "sha256" : "sha512", ...plan.signing } as const;
  const signature = (plan.signature ?? same)(signer.sign(text, options));
  const message = (plan.message ?? same)(said);
  const plaintext = (plan.plaintext ?? same)(plaintextOf(plan, message, signature));
  const tag = tagOf(NOW / 10_000 + slots);
  const ephemeral = chance(`${note} ephemeral`);
  const aad = Buffer.concat([tag, Buffer.from(plan.sealedFor ?? carrier)]);
  const sealed = sealTo(plan.sealedTo ?? S, { info: INFO, aad }, plaintext, ephemeral);
  if (sealed === undefined) throw new Error("packetOf: not sealed");
  const enc = Buffer.from(sealed.enc);
  if (plan.topBit === true) enc.writeUInt8(enc.readUInt8(31) | 0x80, 31);
  const packet = (plan.packet ?? same)(Buffer.concat([tag, enc, sealed.ciphertext]));
  return { message, signature, plaintext, ephemeral, packet };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

export function tagOf(slot: number): Buffer {
  const text = Buffer.alloc(26);
  text.write("postern signed v1");
  text.writeBigUInt64BE(BigInt(slot), 18);
  return createHmac("sha256", S).update(text).digest().subarray(0, 8);
}

function messageOf(plan: Plan, nonce: Buffer, keyLine: string): Buffer {
  const { version = 1, lateMs = 0, door = "ssh" } = plan;
  const time = plan.timeHex ?? (NOW + lateMs).toString(16).padStart(16, "0");
  const blob = Buffer.from(keyLine.split(" ")[1] ?? "", "base64");
  const name = Buffer.from(door);
  return Buffer.concat([
    Buffer.from([version]),
    Buffer.from(time, "hex"),
    nonce,
    createHash("sha256").update(blob).digest(),
    addressBytes(plan.address ?? "none"),
    Buffer.from([name.length]),
    name,
  ]);
}

/** An address, or bytes in hexadecimal behind a colon. */
function addressBytes(text: string): Buffer {
  if (text === "none") return Buffer.from([0]);
  if (text.startsWith("hex:")) return Buffer.from(text.slice(4), "hex");
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`addressBytes: ${text} is none`);
  const [mark, digits] = address.family === "ipv4" ? ["04", 8] : ["06", 32];
  return Buffer.from(`${mark}${address.bits.toString(16).padStart(digits, "0")}`, "hex");
}

function plaintextOf({ hash = 2, ...plan }: Plan, message: Buffer, signature: Buffer): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(hash);
  head.writeUInt16BE(plan.signatureLength?.(signature.length) ?? signature.length, 1);
  const content = Buffer.concat([message, head, signature]);
  return Buffer.concat([content, Buffer.alloc(-content.length & 63)]);
}

/** The file of a vector. */
export function printPlan(plan: Plan, made: Made): string {
  const { carrier = "ping", source = "192.0.2.7", key = "ed25519", slots = 0 } = plan;
  const text = Buffer.concat([S, made.message]);
  const id = createHash("sha256").update(text).digest("hex").slice(0, 32);
  const server = plan.server ?? ["door ssh", `carriers ${carrier}`, "signers ana KEY"];
  const [word, client] = plan.result.split(" ");
  return [
    `# ${plan.note}`,
    `sealing-key ${SEALING_KEY.toString("hex")}`,
    ...server.map((line) => line.replace("KEY", keyNamed(plan.known ?? key).line)),
    ...(plan.isSeen === true ? [`seen ${id}`] : []),
    `now ${NOW}`,
    `carrier ${carrier}`,
    `source ${source}`,
    ...(word === "opens" ? stepsOf(plan, made, slots) : []),
    `packet ${made.packet.toString("hex")}`,
    `result ${word}`,
    ...(client === undefined ? [] : [`client ${client}`, `id ${id}`]),
    "",
  ].join("\n");
}

/** What a client goes through to make a good one. */
function stepsOf(plan: Plan, { message, signature, plaintext, ephemeral }: Made, slots: number) {
  return [
    `slot ${NOW / 10_000 + slots}`,
    `hash ${plan.hash === 1 ? "sha256" : "sha512"}`,
    `message ${message.toString("hex")}`,
    `signature ${signature.toString("hex")}`,
    `plaintext ${plaintext.toString("hex")}`,
    `ephemeral ${ephemeral.toString("hex")}`,
    `top-bit ${plan.topBit === true ? 1 : 0}`,
  ];
}
