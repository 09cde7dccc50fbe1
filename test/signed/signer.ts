/** Keys that sign in this process, written from the specifications and not with what they test. */
import {
  createHash,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign as signWith,
} from "node:crypto";
import type { KeyType } from "../../src/signed/index.ts";

export interface SigningOptions {
  readonly namespace?: string;
  readonly hash?: "sha256" | "sha512";
  /** Of RSA alone: the format of the signature. */
  readonly format?: "rsa-sha2-256" | "rsa-sha2-512" | "ssh-rsa";
  /** Of `sk-` keys alone. */
  readonly flags?: number;
  readonly counter?: number;
}

export interface TestSigner {
  readonly type: KeyType;
  readonly blob: Buffer;
  /** As in a `.pub` file. */
  readonly line: string;
  /** Signs a text, and gives the inner blob of the signature. */
  readonly sign: (text: Uint8Array, options?: SigningOptions) => Buffer;
}

export function sshString(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** `mpint` of a number that is not negative. */
export function mpint(bytes: Uint8Array): Buffer {
  const digits = Buffer.from(bytes)
    .toString("hex")
    .replace(/^(00)+/, "");
  const isNegative = /^[89a-f]/.test(digits);
  return sshString(Buffer.from(`${isNegative ? "00" : ""}${digits}`, "hex"));
}

const APPLICATION = "ssh:";

export function makeSigner(type: KeyType): TestSigner {
  const { privateKey, publicKey } = generate(type);
  return signerOf(type, privateKey, publicKey.export({ format: "jwk" }));
}

export function signerOf(type: KeyType, privateKey: KeyObject, jwk: JsonWebKey): TestSigner {
  const blob = blobOf(type, jwk);
  return {
    type,
    blob,
    line: `${type} ${blob.toString("base64")}`,
    sign: (text, options = {}) => innerBlob(type, privateKey, text, options),
  };
}

function generate(type: KeyType) {
  const plain = type.replace(/^sk-/, "").replace(/@.*/, "");
  switch (plain) {
    case "ssh-ed25519":
      return generateKeyPairSync("ed25519");
    case "ssh-rsa":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    default:
      return generateKeyPairSync("ec", { namedCurve: plain.replace(/.*nistp/, "P-") });
  }
}

function blobOf(type: KeyType, jwk: JsonWebKey): Buffer {
  const [x, y, n, e] = [jwk.x, jwk.y, jwk.n, jwk.e].map((text = "") =>
    Buffer.from(text, "base64url"),
  ) as [Buffer, Buffer, Buffer, Buffer];
  const curve = /nistp\d+/.exec(type)?.[0];
  const parts =
    curve === undefined
      ? [sshString(x)]
      : [sshString(curve), sshString(Buffer.concat([Buffer.from([4]), x, y]))];
  return Buffer.concat([
    sshString(type),
    ...(type === "ssh-rsa" ? [mpint(e), mpint(n)] : parts),
    ...(type.startsWith("sk-") ? [sshString(APPLICATION)] : []),
  ]);
}

/** PROTOCOL.sshsig, section 3. */
export function signedDataOf(text: Uint8Array, namespace: string, hash: string): Buffer {
  const digest = createHash(hash).update(text).digest();
  const strings = [namespace, "", hash, digest].map(sshString);
  return Buffer.concat([Buffer.from("SSHSIG"), ...strings]);
}

function innerBlob(
  type: KeyType,
  key: KeyObject,
  text: Uint8Array,
  { namespace = "postern-knock", hash = "sha512", format, flags = 1, counter = 7 }: SigningOptions,
): Buffer {
  const data = signedDataOf(text, namespace, hash);
  if (!type.startsWith("sk-")) {
    const name = type === "ssh-rsa" ? (format ?? "rsa-sha2-512") : type;
    return Buffer.concat([sshString(name), sshString(rawSignature(name, key, data))]);
  }
  const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();
  const tail = Buffer.concat([Buffer.from([flags]), uint32(counter)]);
  const signed = Buffer.concat([sha256(APPLICATION), tail, sha256(data)]);
  return Buffer.concat([sshString(type), sshString(rawSignature(type, key, signed)), tail]);
}

function rawSignature(format: string, key: KeyObject, data: Buffer): Buffer {
  if (format.includes("ed25519")) return signWith(null, data, key);
  const algorithm = ALGORITHMS.get(/nistp\d+|rsa.*/.exec(format)?.[0] ?? "");
  if (algorithm === undefined) throw new Error(`rawSignature: ${format} is unheard of`);
  if (format.includes("rsa")) return signWith(algorithm, data, key);
  const numbers = signWith(algorithm, data, { key, dsaEncoding: "ieee-p1363" });
  const half = numbers.length / 2;
  return Buffer.concat([mpint(numbers.subarray(0, half)), mpint(numbers.subarray(half))]);
}

const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["nistp256", "sha256"],
  ["nistp384", "sha384"],
  ["nistp521", "sha512"],
  ["rsa-sha2-256", "sha256"],
  ["rsa-sha2-512", "sha512"],
  ["rsa", "sha1"],
]);

/** The text that `ssh-keygen -Y sign` would have printed. */
export function armour(
  blob: Uint8Array,
  inner: Uint8Array,
  { namespace = "postern-knock", hash = "sha512" }: SigningOptions = {},
): string {
  const strings = [blob, namespace, "", hash, inner].map(sshString);
  const bytes = Buffer.concat([Buffer.from("SSHSIG"), uint32(1), ...strings]);
  const lines = bytes.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n");
}
