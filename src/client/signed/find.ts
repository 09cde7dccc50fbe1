/** Finds the keys that may sign a knock: files, and what an agent holds. */
import type { Host } from "../../host/index.ts";
import type { HostName } from "../../policy/policy.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { PublicKey } from "../../signed/index.ts";
import { type FileKey, type HeldKey, type Identity, inOrder } from "./identity.ts";
import { parseAgentKeys, parsePrivateKey, parsePublicFile } from "./key-file.ts";
import { readSshSettings } from "./ssh-settings.ts";

export interface Looking {
  /** The server's, by which the settings of ssh know it. */
  readonly host: HostName;
  /** The only file to look at; undefined: those that ssh would use. */
  readonly identity: string | undefined;
  /** Told of each key that cannot be used, and why. */
  readonly tell: (line: string) => void;
}

export interface Identities {
  /** At least one. */
  readonly all: readonly Identity[];
  /** Where the agent listens that has some of them. */
  readonly agent: string | undefined;
  /** Whether the settings of ssh say that nobody is to be asked for anything. */
  readonly isBatch: boolean;
}

export async function findIdentities(
  host: Host,
  { host: name, identity, tell }: Looking,
): Promise<Result<Identities>> {
  const { agent, isBatch, ...settings } = await readSshSettings(host, name);
  const named = identity === undefined ? undefined : inHome(host, identity);
  const paths = named === undefined ? settings.files : [named];
  const held = await askAgent(host, agent, tell);
  const found: FileKey[] = [];
  // One after the other, which is the order in which it is told of them.
  for (const path of paths) {
    const file = await readKeyFile(host, path, tell);
    if (file !== undefined) found.push(file);
  }
  const all = inOrder(held.keys, found, settings.isExclusive || named !== undefined);
  if (all.length > 0) return ok({ all, agent, isBatch });
  return fail({
    code: "no-identity",
    severity: "error",
    what: `there is no SSH key to sign the knock with: ${held.words}, and ${wordsOf(paths, found)}`,
    fix: "name a key with --identity FILE, give one to the agent with `ssh-add FILE`, or make one with `ssh-keygen -t ed25519`",
  });
}

/** As users write it, in a profile too. */
function inHome(host: Host, path: string): string {
  return path.replace(/^~(?=\/)/, host.environment("HOME") ?? "~");
}

function wordsOf(paths: readonly string[], found: readonly FileKey[]): string {
  if (paths.length === 0) return "ssh is to use no file";
  const [file] = found;
  if (file !== undefined) return `of ${file.path} only the public half is there`;
  return `no key could be read from ${paths.join(", ")}`;
}

interface Held {
  readonly keys: readonly HeldKey[];
  /** What the agent is like, where it has none that is good. */
  readonly words: string;
}

async function askAgent(
  host: Host,
  agent: string | undefined,
  tell: Looking["tell"],
): Promise<Held> {
  if (agent === undefined) return { keys: [], words: "no ssh-agent is there (SSH_AUTH_SOCK)" };
  const { status, stdout, stderr } = await host.run(["ssh-add", "-L"], {
    environment: { SSH_AUTH_SOCK: agent },
  });
  if (status !== 0) {
    const said = [stdout, stderr].join("\n").trim().split("\n")[0] ?? "";
    return { keys: [], words: `the ssh-agent at ${agent} gives none (${said})` };
  }
  const keys = parseAgentKeys(stdout).flatMap(({ key, comment, type }) => {
    if (key.ok) return [{ key: key.value, comment }];
    // Its plain key is there as well.
    if (!type.includes("-cert-")) leaveOut(`${comment || type} of the agent`, key, tell);
    return [];
  });
  return { keys, words: `the ssh-agent at ${agent} holds none that can sign` };
}

async function readKeyFile(
  host: Host,
  path: string,
  tell: Looking["tell"],
): Promise<FileKey | undefined> {
  const beside = path.endsWith(".pub") ? path.slice(0, -".pub".length) : `${path}.pub`;
  const [text, other] = await Promise.all([path, beside].map((one) => readIfThere(host, one)));
  const privateKey = parsePrivateKey(text ?? "") ?? parsePrivateKey(other ?? "");
  const key = parsePublicFile(text ?? "") ?? privateKey?.publicKey ?? parsePublicFile(other ?? "");
  if (key?.ok === true) {
    const privateHalf = privateKey && { isEncrypted: privateKey.isEncrypted };
    return { path, key: key.value, privateHalf };
  }
  if (key !== undefined) leaveOut(path, key, tell);
  else if (privateKey !== undefined) tell(`${path} is left out: ${whyUnknown(path)}`);
  return undefined;
}

function whyUnknown(path: string): string {
  return `its public half is not beside it; \`ssh-keygen -y -f ${path} > ${path}.pub\` writes it`;
}

async function readIfThere(host: Host, path: string): Promise<string | undefined> {
  const text = await host.readText(path);
  return text.ok ? text.value : undefined;
}

function leaveOut(name: string, key: Result<PublicKey>, tell: Looking["tell"]): void {
  const why = key.ok ? "" : key.problems.map(({ what }) => what).join(", ");
  tell(`${name} is left out: ${why}`);
}
