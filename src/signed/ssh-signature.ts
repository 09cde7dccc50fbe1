/** Signatures of SSH (PROTOCOL.sshsig of OpenSSH), which `ssh-keygen -Y sign` makes. */
import { hash as digestOf, verify } from "node:crypto";
import { quoted } from "../policy/value/written.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { bytesOfBase64, type KeyType, type PublicKey } from "./public-key.ts";
import { wireReader, wireString } from "./wire.ts";

/** What every knock is signed for, so that no other signature is one. */
export const NAMESPACE = "postern-knock";

/** With which the text is hashed before it is signed; each with its number in a knock. */
export const HASHES = { sha256: 1, sha512: 2 } as const;
export type SignatureHash = keyof typeof HASHES;

export interface SshSignature {
  /** The signer's, in wire form; nobody has looked at it. */
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hash: SignatureHash;
  /** The inner blob: `string` format, `string` signature, and of `sk-` keys flags and counter. */
  readonly signature: Buffer;
}

const MAGIC = "SSHSIG";
const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";

/** Reads the armoured text. Nothing is verified yet. */
export function parseSshSignature(text: string): Result<SshSignature> {
  const lines = text.trimEnd().split(/\r?\n/);
  if (lines[0] !== BEGIN || lines.at(-1) !== END) {
    return refuse(`there is no text from "${BEGIN}" to "${END}"`);
  }
  const bytes = bytesOfBase64(lines.slice(1, -1).join(""));
  if (bytes === undefined) return refuse("between its two marks it is not base64");
  const reader = wireReader(bytes);
  const magic = reader.bytes(MAGIC.length).toString("latin1");
  const version = reader.uint32();
  const publicKey = reader.string();
  const namespace = reader.name();
  // Reserved, and to be ignored.
  reader.string();
  const hash = reader.name();
  const signature = reader.string();
  if (magic !== MAGIC || version !== 1 || !reader.isSpent()) {
    return refuse("it is none of version 1, or not whole");
  }
  if (!isSignatureHash(hash)) return refuse(`the hash ${quoted(hash)} is none of SSH signatures`);
  return ok({ publicKey, namespace, hash, signature });
}

function isSignatureHash(name: string): name is SignatureHash {
  return Object.hasOwn(HASHES, name);
}

function refuse(what: string): Result<never> {
  return fail({
    code: "not-an-ssh-signature",
    severity: "error",
    what: `this is not an SSH signature: ${what}`,
    fix: `make it with \`ssh-keygen -Y sign -n ${NAMESPACE}\``,
  });
}

/** What is signed in the end, once the text is hashed (PROTOCOL.sshsig, section 3). */
export function signedData(namespace: string, hash: SignatureHash, text: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(MAGIC),
    wireString(namespace),
    wireString(""),
    wireString(hash),
    wireString(digestOf(hash, text, "buffer")),
  ]);
}

/** Whether the inner blob of a signature is the key's over the text; never throws. */
export function verifySshSignature(
  key: PublicKey,
  hash: SignatureHash,
  signature: Uint8Array,
  text: Uint8Array,
  namespace: string = NAMESPACE,
): boolean {
  const inner = readInner(key.type, signature);
  if (inner === undefined) return false;
  const data = signedData(namespace, hash, text);
  const signed =
    key.application === undefined ? data : dataOfHardware(key.application, inner, data);
  try {
    return verify(
      inner.algorithm,
      signed,
      { key: key.key, dsaEncoding: "ieee-p1363" },
      inner.signature,
    );
  } catch {
    // OpenSSL throws at numbers that it does not like.
    return false;
  }
}

interface Inner {
  /** As node:crypto has it: null where the key says it all. */
  readonly algorithm: string | null;
  readonly signature: Buffer;
  /** Of `sk-` keys alone. */
  readonly flags: number;
  readonly counter: number;
}

/** The formats that a signature of each type of key has, and the hash and size of each. */
const FORMATS: Readonly<
  Record<KeyType, Readonly<Record<string, { algorithm: string | null; numberBytes?: number }>>>
> = {
  "ssh-ed25519": { "ssh-ed25519": { algorithm: null } },
  "ecdsa-sha2-nistp256": { "ecdsa-sha2-nistp256": { algorithm: "sha256", numberBytes: 32 } },
  "ecdsa-sha2-nistp384": { "ecdsa-sha2-nistp384": { algorithm: "sha384", numberBytes: 48 } },
  "ecdsa-sha2-nistp521": { "ecdsa-sha2-nistp521": { algorithm: "sha512", numberBytes: 66 } },
  // Not `ssh-rsa`, which is SHA-1.
  "ssh-rsa": { "rsa-sha2-256": { algorithm: "sha256" }, "rsa-sha2-512": { algorithm: "sha512" } },
  "sk-ssh-ed25519@openssh.com": { "sk-ssh-ed25519@openssh.com": { algorithm: null } },
  "sk-ecdsa-sha2-nistp256@openssh.com": {
    "sk-ecdsa-sha2-nistp256@openssh.com": { algorithm: "sha256", numberBytes: 32 },
  },
};

const USER_PRESENT = 0x01;

function readInner(type: KeyType, blob: Uint8Array): Inner | undefined {
  const reader = wireReader(blob);
  const name = reader.name();
  const content = reader.string();
  const isHardware = type.startsWith("sk-");
  const [flags, counter] = isHardware ? [reader.uint8(), reader.uint32()] : [0, 0];
  const format = Object.hasOwn(FORMATS[type], name) ? FORMATS[type][name] : undefined;
  if (format === undefined || !reader.isSpent()) return undefined;
  if (isHardware && (flags & USER_PRESENT) === 0) return undefined;
  const { algorithm, numberBytes } = format;
  const signature = numberBytes === undefined ? content : fixedNumbers(content, numberBytes);
  return signature === undefined ? undefined : { algorithm, signature, flags, counter };
}

/** The two numbers of ECDSA, from `mpint` to a fixed size. */
function fixedNumbers(content: Uint8Array, numberBytes: number): Buffer | undefined {
  const reader = wireReader(content);
  const numbers = [reader.positive(), reader.positive()];
  if (!reader.isSpent() || numbers.some(({ length }) => length > numberBytes)) return undefined;
  return Buffer.concat(
    numbers.flatMap((number) => [Buffer.alloc(numberBytes - number.length), number]),
  );
}

/** What a key in hardware signs (PROTOCOL.u2f of OpenSSH). */
function dataOfHardware(application: Buffer, { flags, counter }: Inner, data: Buffer): Buffer {
  const counted = Buffer.alloc(5);
  counted.writeUInt8(flags);
  counted.writeUInt32BE(counter, 1);
  return Buffer.concat([
    digestOf("sha256", application, "buffer"),
    counted,
    digestOf("sha256", data, "buffer"),
  ]);
}
