/** Has a text signed by `ssh-keygen`, which knows files, agents and hardware. */
import { randomBytes } from "node:crypto";
import type { Finished, Host } from "../../host/index.ts";
import { fail, type Problem, type Result } from "../../problem/problem.ts";
import {
  NAMESPACE,
  parseSshSignature,
  type SshSignature,
  verifySshSignature,
} from "../../signed/index.ts";
import type { Identity } from "./identity.ts";
import { printPublicKey } from "./key-file.ts";

export interface Pen {
  readonly identity: Identity;
  /** For `ssh-keygen`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Aborted when nobody waits any longer. */
  readonly end: AbortSignal;
}

/** A signature that is the key's over the text, or what kept it from being made. */
export async function signText(
  host: Host,
  text: Uint8Array,
  pen: Pen,
): Promise<Result<SshSignature>> {
  const { identity } = pen;
  if (identity.file !== undefined) return await signWith(host, identity.file, text, pen);
  // What the agent alone has is told to `ssh-keygen` by its public half.
  const file = temporaryFile(host);
  const written = await host.writeNew(file, `${printPublicKey(identity.key)}\n`);
  if (!written.ok) return written;
  try {
    return await signWith(host, file, text, pen);
  } finally {
    await host.remove(file);
  }
}

function temporaryFile(host: Host): string {
  const folders = [host.environment("XDG_RUNTIME_DIR"), host.environment("TMPDIR")];
  const folder = folders.find((one) => one?.startsWith("/")) ?? "/tmp";
  return `${folder}/postern-${randomBytes(8).toString("hex")}.pub`;
}

async function signWith(
  host: Host,
  file: string,
  text: Uint8Array,
  { identity, environment, end }: Pen,
): Promise<Result<SshSignature>> {
  const argv = ["ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", file];
  const done = await host.run(argv, { stdin: text, environment, end, purpose: "person" });
  if (done.status !== 0) return fail(cannotSign(identity, done));
  const signature = parseSshSignature(done.stdout);
  if (!signature.ok) return signature;
  const { hash, signature: blob } = signature.value;
  if (verifySshSignature(identity.key, hash, blob, text)) return signature;
  return fail(notTaken(identity));
}

/** The status of what could not be started. */
const NOT_STARTED = 127;

function cannotSign(identity: Identity, { status, stderr }: Finished): Problem {
  const said = stderr
    .split(/[\r\n]+/)
    .filter((line) => line !== "" && !line.startsWith("Signing data on"));
  if (status === NOT_STARTED) {
    return {
      code: "host-no-ssh-keygen",
      severity: "error",
      what: `ssh-keygen cannot be started, which signs knocks (${said.join(", ")})`,
      fix: "install the client of OpenSSH, such as `apt install openssh-client`",
    };
  }
  return {
    code: "not-signed",
    severity: "error",
    what: `${identity.name} does not sign: ${said.join(", ")}`,
    fix: "name another key with --identity FILE, or see that this one signs for `ssh`",
  };
}

/** As of a key in hardware that was made to sign without a touch. */
function notTaken({ name }: Identity): Problem {
  return {
    code: "not-signed",
    severity: "error",
    what: `what ${name} has signed is no signature that a gate takes`,
    fix: "name another key with --identity FILE",
  };
}
