/** Keys of X25519 (RFC 7748) as their 32 bytes, and as node:crypto wants them. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";

export const X25519_BYTES = 32;

/** What stands before the 32 bytes in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");

export function privateKeyOf(bytes: Uint8Array): KeyObject {
  if (bytes.length !== X25519_BYTES) throw new Error("privateKeyOf: not 32 bytes");
  return createPrivateKey({ key: Buffer.concat([PKCS8, bytes]), format: "der", type: "pkcs8" });
}

export function bytesOfPrivate(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "pkcs8" }).subarray(PKCS8.length);
}

/** The public half of a private key. */
export function publicBytesOf(privateKey: KeyObject): Buffer {
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return Buffer.from(x, "base64url");
}

/**
 * The shared secret; undefined where it is all zeros, which it is for the few public keys that hide
 * nothing (RFC 7748, section 6.1; RFC 9180, section 7.1.4).
 */
export function sharedSecret(privateKey: KeyObject, publicKey: Uint8Array): Buffer | undefined {
  const x = Buffer.from(publicKey).toString("base64url");
  const other = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
  try {
    const secret = diffieHellman({ privateKey, publicKey: other });
    return secret.every((byte) => byte === 0) ? undefined : secret;
  } catch {
    // OpenSSL throws at zeros; other libraries that Node.js is built with may not.
    return undefined;
  }
}
