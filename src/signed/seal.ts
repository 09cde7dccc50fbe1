/**
 * HPKE (RFC 9180): base mode, one message, of the suite DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
 * ChaCha20-Poly1305. By OpenSSL alone, whose X25519 takes as long whatever the key is.
 */
import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from "node:crypto";
import { privateKeyOf, publicBytesOf, sharedSecret, X25519_BYTES } from "./x25519.ts";

/** Bytes of an encapsulated key, which is a public key of X25519. */
export const ENC_BYTES = X25519_BYTES;
/** So many bytes a sealed text has more than the text. */
export const SEAL_TAG_BYTES = 16;

const [KEY_BYTES, NONCE_BYTES] = [32, 12];
const [KEM_ID, KDF_ID, AEAD_ID] = [0x0020, 0x0001, 0x0003];
const KEM_SUITE = Buffer.concat([Buffer.from("KEM"), uint16(KEM_ID)]);
const SUITE = Buffer.concat([Buffer.from("HPKE"), ...[KEM_ID, KDF_ID, AEAD_ID].map(uint16)]);
const BASE_MODE = Buffer.from([0]);
const EMPTY = Buffer.alloc(0);

const CIPHER = "chacha20-poly1305";
const OPTIONS = { authTagLength: SEAL_TAG_BYTES };

/** What is known to both sides besides the text, and what it is bound to. */
export interface SealContext {
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
}

export interface Sealed {
  readonly enc: Buffer;
  readonly ciphertext: Buffer;
}

/**
 * Seals a text to a public key with an ephemeral private key, 32 fresh random bytes.
 * @returns undefined when the public key is one that hides nothing.
 */
export function sealTo(
  publicKey: Uint8Array,
  { info, aad }: SealContext,
  text: Uint8Array,
  ephemeralKey: Uint8Array,
): Sealed | undefined {
  const ephemeral = privateKeyOf(ephemeralKey);
  const enc = publicBytesOf(ephemeral);
  const shared = sharedSecret(ephemeral, publicKey);
  if (shared === undefined) return undefined;
  const { key, nonce } = scheduleOf(shared, enc, publicKey, info);
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
  cipher.setAAD(aad, { plaintextLength: text.length });
  const parts = [cipher.update(text), cipher.final(), cipher.getAuthTag()];
  return { enc, ciphertext: Buffer.concat(parts) };
}

/** Opens what was sealed to the public half of the private key; undefined when it does not open. */
export function openSealed(
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: Uint8Array },
  { info, aad }: SealContext,
  { enc, ciphertext }: Sealed,
): Buffer | undefined {
  const textBytes = ciphertext.length - SEAL_TAG_BYTES;
  if (enc.length !== ENC_BYTES || textBytes < 0) return undefined;
  const shared = sharedSecret(privateKey, enc);
  if (shared === undefined) return undefined;
  const { key, nonce } = scheduleOf(shared, enc, publicKey, info);
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS);
  decipher.setAAD(aad, { plaintextLength: textBytes });
  decipher.setAuthTag(ciphertext.subarray(textBytes));
  const text = decipher.update(ciphertext.subarray(0, textBytes));
  try {
    return Buffer.concat([text, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** From the result of X25519 to what one message is encrypted with (sections 4.1 and 5.1). */
function scheduleOf(dh: Buffer, enc: Uint8Array, publicKey: Uint8Array, info: Uint8Array) {
  const prk = extract(KEM_SUITE, EMPTY, "eae_prk", dh);
  const kemContext = Buffer.concat([enc, publicKey]);
  const shared = expand(KEM_SUITE, prk, "shared_secret", kemContext, 32);
  const context = Buffer.concat([
    BASE_MODE,
    extract(SUITE, EMPTY, "psk_id_hash", EMPTY),
    extract(SUITE, EMPTY, "info_hash", info),
  ]);
  const secret = extract(SUITE, shared, "secret", EMPTY);
  return {
    key: expand(SUITE, secret, "key", context, KEY_BYTES),
    // Of the first message the nonce is the base nonce.
    nonce: expand(SUITE, secret, "base_nonce", context, NONCE_BYTES),
  };
}

/** `LabeledExtract` (section 4). */
function extract(suite: Buffer, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer {
  return hmac(salt, Buffer.from("HPKE-v1"), suite, Buffer.from(label), ikm);
}

/** `LabeledExpand` (section 4) of at most 32 bytes, which are the first block of HKDF-Expand. */
function expand(
  suite: Buffer,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  byteCount: number,
): Buffer {
  const labels = [Buffer.from("HPKE-v1"), suite, Buffer.from(label)];
  const block = hmac(prk, uint16(byteCount), ...labels, info, Buffer.from([1]));
  return block.subarray(0, byteCount);
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  return createHmac("sha256", key).update(Buffer.concat(parts)).digest();
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
