/** Fingerprints, as `ssh-keygen -l` prints them: of SSH keys, and of the sealing key as well. */
import { hash } from "node:crypto";
import type { Branded } from "../policy/policy.ts";

/** `SHA256:` and 43 characters of base64. Safe on a terminal and in a line of a log. */
export type Fingerprint = Branded<string, "Fingerprint">;

/** What a fingerprint has as bytes. */
export const FINGERPRINT_BYTES = 32;

/** The fingerprint of a public key: of SSH its blob, of a sealing key its 32 bytes. */
export function fingerprintOf(bytes: Uint8Array): Fingerprint {
  return printFingerprint(hash("sha256", bytes, "buffer"));
}

export function printFingerprint(digest: Uint8Array): Fingerprint {
  return `SHA256:${Buffer.from(digest).toString("base64").replace(/=+$/, "")}` as Fingerprint;
}

export function bytesOfFingerprint(fingerprint: Fingerprint): Buffer {
  return Buffer.from(fingerprint.slice("SHA256:".length), "base64");
}
