/** The keys of the vectors: ssh-keygen made them once, and those in hardware are made in software. */
import { execFileSync } from "node:child_process";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SigningOptions, signerOf, type TestSigner } from "../signer.ts";

const FOLDER = "test/signed/vectors/keys";

/** What ssh-keygen is told to make, and what it is not able to. */
const KEYS: Readonly<Record<string, readonly string[] | undefined>> = {
  ed25519: ["-t", "ed25519"],
  stranger: ["-t", "ed25519"],
  ecdsa256: ["-t", "ecdsa", "-b", "256", "-m", "PKCS8"],
  ecdsa384: ["-t", "ecdsa", "-b", "384", "-m", "PKCS8"],
  ecdsa521: ["-t", "ecdsa", "-b", "521", "-m", "PKCS8"],
  rsa2048: ["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
  rsa8192: ["-t", "rsa", "-b", "8192", "-m", "PKCS8"],
  "sk-ed25519": undefined,
  "sk-ecdsa256": undefined,
};

export type KeyName =
  | `ecdsa${256 | 384 | 521}`
  | "ed25519"
  | "rsa2048"
  | "rsa8192"
  | "sk-ecdsa256"
  | "sk-ed25519"
  | "stranger";

export interface VectorKey {
  /** `TYPE BASE64` */
  readonly line: string;
  readonly sign: (text: Uint8Array, options?: SigningOptions) => Buffer;
}

/** The key of that name, which is made when there is none yet. */
export function keyNamed(name: KeyName): VectorKey {
  const path = join(FOLDER, name);
  if (!existsSync(path)) makeKey(name, path);
  const line = readFileSync(`${path}.pub`, "utf8").split(" ").slice(0, 2).join(" ").trim();
  if (KEYS[name] === undefined) return { line, sign: softKey(name, path).sign };
  return {
    line,
    sign: (text, options = {}) =>
      // ssh-keygen makes no signatures that are bad by themselves.
      options.format === undefined
        ? signByKeygen(path, text, options)
        : softKey(name, path).sign(text, options),
  };
}

function makeKey(name: KeyName, path: string): void {
  const args = KEYS[name];
  if (args !== undefined) {
    execFileSync("ssh-keygen", ["-q", ...args, "-N", "", "-C", name, "-f", path]);
    return;
  }
  const { privateKey } = name.includes("ed25519")
    ? generateKeyPairSync("ed25519")
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(path, privateKey.export({ format: "pem", type: "pkcs8" }));
  writeFileSync(`${path}.pub`, `${softKey(name, path).line} ${name}\n`);
}

const SOFT_TYPES = {
  "sk-ed25519": "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa256": "sk-ecdsa-sha2-nistp256@openssh.com",
  rsa2048: "ssh-rsa",
} as const;

function softKey(name: KeyName, path: string): TestSigner {
  const type = name in SOFT_TYPES ? SOFT_TYPES[name as keyof typeof SOFT_TYPES] : undefined;
  if (type === undefined) throw new Error(`softKey: ${name} is for ssh-keygen alone`);
  const key: KeyObject = createPrivateKey(readFileSync(path));
  return signerOf(type, key, createPublicKey(key).export({ format: "jwk" }));
}

function signByKeygen(path: string, text: Uint8Array, options: SigningOptions): Buffer {
  const { namespace = "postern-knock", hash = "sha512" } = options;
  // It wants a file that nobody else can read.
  const copy = join(mkdtempSync(join(tmpdir(), "postern-key-")), "key");
  copyFileSync(path, copy);
  copyFileSync(`${path}.pub`, `${copy}.pub`);
  chmodSync(copy, 0o600);
  const args = ["-Y", "sign", "-q", "-n", namespace, "-O", `hashalg=${hash}`, "-f", copy];
  const armoured = execFileSync("ssh-keygen", args, { input: text, encoding: "utf8" });
  const bytes = Buffer.from(armoured.split("\n").slice(1, -2).join(""), "base64");
  // The last of the strings of a signature.
  let at = 10;
  let length = 0;
  while (at < bytes.length) {
    length = bytes.readUInt32BE(at);
    at += 4 + length;
  }
  return bytes.subarray(at - length);
}
