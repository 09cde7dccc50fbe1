/** Files of SSH keys, as far as it takes to know whose they are. */
import type { Result } from "../../problem/problem.ts";
import { type PublicKey, parsePublicKey, parsePublicKeyLine } from "../../signed/index.ts";
import { wireReader } from "../../signed/wire.ts";

/** What a file of a private key says without a passphrase. */
export interface PrivateKey {
  /** Undefined: this format says it only to who has the passphrase, or to `ssh-keygen -y`. */
  readonly publicKey: Result<PublicKey> | undefined;
  readonly isEncrypted: boolean;
}

const BEGIN = /^-----BEGIN ([A-Z ]*)PRIVATE KEY-----\r?$/m;
const MAGIC = "openssh-key-v1\0";

/** Undefined for what is no private key. */
export function parsePrivateKey(text: string): PrivateKey | undefined {
  const [, kind] = BEGIN.exec(text) ?? [];
  if (kind === undefined) return undefined;
  if (kind === "OPENSSH ") return parseOpenSsh(text);
  const isEncrypted = kind === "ENCRYPTED " || /^Proc-Type: 4,ENCRYPTED/m.test(text);
  return { publicKey: undefined, isEncrypted };
}

/** PROTOCOL.key of OpenSSH: the public half stands before what is encrypted. */
function parseOpenSsh(text: string): PrivateKey | undefined {
  const [, base64 = ""] = /KEY-----([^-]*)-----END/.exec(text) ?? [];
  const reader = wireReader(Buffer.from(base64, "base64"));
  const magic = reader.bytes(MAGIC.length).toString("latin1");
  const cipher = reader.name();
  // How the passphrase becomes a key, with what, and how many keys there are: always one.
  reader.string();
  reader.string();
  reader.bytes(4);
  const publicKey = reader.string();
  if (magic !== MAGIC || publicKey.length === 0) return undefined;
  return { publicKey: parsePublicKey(publicKey), isEncrypted: cipher !== "none" };
}

/** The first line of a `.pub` file; undefined for what looks like none. */
export function parsePublicFile(text: string): Result<PublicKey> | undefined {
  const line = text.split("\n").find((one) => one.trim() !== "" && !one.startsWith("#"));
  return line !== undefined && /^[a-z][\w@.-]*[ \t]+AAAA/.test(line.trim())
    ? parsePublicKeyLine(line)
    : undefined;
}

/** As it stands in a `.pub` file. */
export function printPublicKey({ type, blob }: PublicKey): string {
  return `${type} ${blob.toString("base64")}`;
}

/** A key of the agent, as a line of `ssh-add -L` shows it. */
export interface AgentKey {
  readonly key: Result<PublicKey>;
  readonly comment: string;
  readonly type: string;
}

export function parseAgentKeys(text: string): readonly AgentKey[] {
  return text.split("\n").flatMap((line) => {
    const [, type, comment = ""] = /^(\S+) AAAA\S*(?: (.*))?$/.exec(line.trim()) ?? [];
    return type === undefined ? [] : [{ key: parsePublicKeyLine(line), comment, type }];
  });
}
