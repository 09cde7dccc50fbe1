/**
 * The sealing key: the server's pair of X25519, to which knocks are sealed. The private half is a
 * file of the gate's host; the public half is told to clients, and is not secret from them.
 */
import { type KeyObject, randomBytes } from "node:crypto";
import { fail, ok, type Result } from "../problem/problem.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import {
  bytesOfPrivate,
  privateKeyOf,
  publicBytesOf,
  sharedSecret,
  X25519_BYTES,
} from "./x25519.ts";

export interface SealingKey {
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Buffer;
  /** Of the public half, for people. */
  readonly fingerprint: Fingerprint;
}

export function makeSealingKey(): SealingKey {
  return sealingKeyOf(randomBytes(X25519_BYTES));
}

/** The key that has these 32 bytes as its private half. */
export function sealingKeyOf(privateBytes: Uint8Array): SealingKey {
  const privateKey = privateKeyOf(privateBytes);
  const publicKey = publicBytesOf(privateKey);
  return { privateKey, publicKey, fingerprint: fingerprintOf(publicKey) };
}

const LINE = /^sealing-key: (.*)$/;

/** Reads the file of a sealing key; no problem shows any of it. */
export function parseSealingKey(text: string, file: string): Result<SealingKey> {
  const lines = text.split("\n");
  const numbered = lines.flatMap((line, index) =>
    line === "" || line.startsWith("#") ? [] : [{ line, number: index + 1 }],
  );
  const [first, second] = numbered;
  if (first === undefined) return damaged(file, "there is no key in it");
  const bytes = bytesOfText(LINE.exec(first.line)?.[1] ?? "");
  const fault = bytes === undefined ? first : second;
  if (bytes !== undefined && fault === undefined) return ok(sealingKeyOf(bytes));
  return damaged(file, `line ${fault?.number} is not one of a sealing key's file`);
}

function damaged(file: string, what: string): Result<never> {
  return fail({
    code: "not-a-sealing-key",
    severity: "error",
    what: `${JSON.stringify(file)} is damaged: ${what}`,
    fix: "bring it back from a copy, or remove it, have a new one made, and tell every client",
  });
}

export function printSealingKey({ privateKey, fingerprint }: SealingKey): string {
  return [
    "# The sealing key of this gate. Whoever reads it can read who knocked, and at which door.",
    `# Its public half is ${fingerprint}`,
    `sealing-key: ${bytesOfPrivate(privateKey).toString("base64url")}`,
    "",
  ].join("\n");
}

/** The public half for machines: 43 characters of base64url (RFC 4648, section 5). */
export function printSealingPublicKey(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString("base64url");
}

/** Reads what {@link printSealingPublicKey} prints; refuses the few keys that hide nothing. */
export function parseSealingPublicKey(text: string): Result<Buffer> {
  const bytes = bytesOfText(text);
  if (bytes === undefined) return noPublicKey("it is not 43 characters of base64url");
  if (!isSound(bytes)) return noPublicKey("it is a number that no key has");
  return ok(bytes);
}

function noPublicKey(why: string): Result<never> {
  return fail({
    code: "not-a-sealing-key",
    severity: "error",
    what: `this is not the public half of a sealing key: ${why}`,
    fix: "copy all of it anew from the gate's host",
  });
}

/** Below 2^255 - 19, and one that hides something whatever the other side's key is. */
function isSound(bytes: Buffer): boolean {
  const number = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  const any = privateKeyOf(Buffer.alloc(X25519_BYTES, 1));
  return number < 2n ** 255n - 19n && sharedSecret(any, bytes) !== undefined;
}

/** 32 bytes of base64url; the last character has two bits that belong to no byte. */
function bytesOfText(text: string): Buffer | undefined {
  return /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(text) ? Buffer.from(text, "base64url") : undefined;
}
