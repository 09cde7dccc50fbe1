/** Public keys of SSH: the types that can sign a knock, and no certificates. */
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { quoted } from "../policy/value/written.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { isEdwardsKey } from "./edwards.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import { type WireReader, wireReader } from "./wire.ts";

export const KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
] as const;

export type KeyType = (typeof KEY_TYPES)[number];

export interface PublicKey {
  readonly type: KeyType;
  /** In SSH's wire form (RFC 4253, section 6.6; PROTOCOL.u2f of OpenSSH for `sk-`). */
  readonly blob: Buffer;
  readonly fingerprint: Fingerprint;
  /** Made once: this costs more than a signature's verification does. */
  readonly key: KeyObject;
  /** Of a key in hardware (`sk-`): what it was made for, most often `ssh:`. */
  readonly application: Buffer | undefined;
}

/** Bits of an RSA key, and the exponents that it may have. */
const RSA_BITS = { least: 2048, most: 8192 };
const MOST_RSA_EXPONENT = 2n ** 32n - 1n;

const CURVES = {
  "ecdsa-sha2-nistp256": { name: "nistp256", crv: "P-256", bytes: 32 },
  "ecdsa-sha2-nistp384": { name: "nistp384", crv: "P-384", bytes: 48 },
  "ecdsa-sha2-nistp521": { name: "nistp521", crv: "P-521", bytes: 66 },
} as const;

/** Reads what stands between the type and the end; a text says what is wrong with it. */
const READERS: Readonly<Record<KeyType, (reader: WireReader) => JsonWebKey | string>> = {
  "ssh-ed25519": readEdwards,
  "ecdsa-sha2-nistp256": (reader) => readEcdsa(reader, "ecdsa-sha2-nistp256"),
  "ecdsa-sha2-nistp384": (reader) => readEcdsa(reader, "ecdsa-sha2-nistp384"),
  "ecdsa-sha2-nistp521": (reader) => readEcdsa(reader, "ecdsa-sha2-nistp521"),
  "ssh-rsa": readRsa,
  "sk-ssh-ed25519@openssh.com": readEdwards,
  "sk-ecdsa-sha2-nistp256@openssh.com": (reader) => readEcdsa(reader, "ecdsa-sha2-nistp256"),
};

export function isKeyType(text: string): text is KeyType {
  return KEY_TYPES.some((type) => type === text);
}

/** Reads a line of a `.pub` file: `TYPE BASE64`, with a comment or without. */
export function parsePublicKeyLine(line: string): Result<PublicKey> {
  const [type = "", base64 = ""] = line.trim().split(/[ \t]+/);
  if (!isKeyType(type)) return refuseType(type);
  const blob = bytesOfBase64(base64);
  if (blob === undefined) {
    return refuse(`behind ${type} there is no key in base64`, "copy the whole line anew");
  }
  const key = parsePublicKey(blob);
  if (!key.ok || key.value.type === type) return key;
  return refuse(`the key is of ${key.value.type}, and not of ${type}`, "copy the whole line anew");
}

/** The bytes of base64 in its only right form; undefined for all else. */
export function bytesOfBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return text !== "" && bytes.toString("base64") === text ? bytes : undefined;
}

/** Reads a key in its wire form. */
export function parsePublicKey(blob: Uint8Array): Result<PublicKey> {
  const bytes = Buffer.from(blob);
  const reader = wireReader(bytes);
  const type = reader.name();
  if (type === "") return refuse("this is no key of SSH", "copy the key anew");
  if (!isKeyType(type)) return refuseType(type);
  const read = READERS[type](reader);
  const application = type.startsWith("sk-") ? reader.string() : undefined;
  const isWhole = reader.isSpent() && application?.includes(0) !== true;
  if (!isWhole) return refuse(`this is no whole key of ${type}`, "copy the key anew");
  const key = typeof read === "string" ? read : importKey(read);
  if (typeof key === "string") return refuse(key, "make a new key with `ssh-keygen -t ed25519`");
  return ok({ type, blob: bytes, fingerprint: fingerprintOf(bytes), key, application });
}

function importKey(key: JsonWebKey): KeyObject | string {
  try {
    return createPublicKey({ key, format: "jwk" });
  } catch {
    // OpenSSL looks whether a point is on its curve.
    return "this is not a point of the key's curve";
  }
}

function readEdwards(reader: WireReader): JsonWebKey | string {
  const point = reader.string();
  if (!isEdwardsKey(point)) return "this is no sound point of Ed25519";
  return { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") };
}

function readEcdsa(reader: WireReader, type: keyof typeof CURVES): JsonWebKey | string {
  const { name, crv, bytes } = CURVES[type];
  const named = reader.string().toString("latin1");
  const point = reader.string();
  if (named !== name) return `the key's curve is not ${name}, which its type has`;
  if (point[0] !== 4 || point.length !== 1 + 2 * bytes) {
    return `this is no uncompressed point of ${name}`;
  }
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  return { kty: "EC", crv, x: x.toString("base64url"), y: y.toString("base64url") };
}

function readRsa(reader: WireReader): JsonWebKey | string {
  const [e, n] = [reader.positive(), reader.positive()];
  const [exponent, modulus] = [e, n].map((bytes) => BigInt(`0x0${bytes.toString("hex")}`));
  if (exponent === undefined || modulus === undefined) throw new Error("readRsa: no numbers");
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24;
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) {
    return `an RSA key of ${bits} bits is not between ${RSA_BITS.least} and ${RSA_BITS.most}`;
  }
  const isOdd = exponent % 2n === 1n && modulus % 2n === 1n;
  if (!isOdd || exponent < 3n || exponent > MOST_RSA_EXPONENT) {
    return "this is an RSA key that no program makes: its exponent or its modulus cannot be one";
  }
  return { kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") };
}

function refuseType(type: string): Result<never> {
  const what = type.includes("-cert-v01@")
    ? `${quoted(type)} is a certificate, which does not fit into a knock`
    : `${quoted(type)} is not a type of key that signs knocks`;
  return refuse(what, `use a key of ${KEY_TYPES.slice(0, -1).join(", ")} or ${KEY_TYPES.at(-1)}`);
}

function refuse(what: string, fix: string): Result<never> {
  return fail({ code: "not-a-public-key", severity: "error", what, fix });
}
