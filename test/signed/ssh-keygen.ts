/** The real `ssh-keygen`, as the judge of what SSH's own files and signatures mean. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that is gone when the test is over. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-signed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

export function sshKeygen(
  args: readonly string[],
  input: Uint8Array | string = "",
  zone = "UTC",
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const env = { ...process.env, TZ: zone, SSH_AUTH_SOCK: "" };
  return spawnSync("ssh-keygen", args, { input, encoding: "utf8", env });
}

/** Makes a key of its own; gives the line of its `.pub` file, and where the private half is. */
export function keyFrom(folder: string, type: string, bits?: number) {
  const path = join(folder, `${type}-${bits ?? ""}`);
  const size = bits === undefined ? [] : ["-b", `${bits}`];
  const made = sshKeygen(["-q", "-t", type, ...size, "-N", "", "-C", "a comment", "-f", path]);
  if (made.status !== 0) throw new Error(`keyFrom: ${made.stderr}`);
  return { path, line: readFileSync(`${path}.pub`, "utf8") };
}

/** Whether it takes a signature for this principal's. */
export function verifies(
  folder: string,
  { signers, armoured, text, principal = "ana", namespace = "postern-knock" }: Claim,
  more: readonly string[] = [],
  zone?: string,
): boolean {
  const [signersFile, signatureFile] = [join(folder, "signers"), join(folder, "text.sig")];
  writeFileSync(signersFile, signers);
  writeFileSync(signatureFile, armoured);
  const names = ["-n", namespace, "-I", principal];
  const files = ["-f", signersFile, "-s", signatureFile];
  return sshKeygen(["-Y", "verify", ...names, ...files, ...more], text, zone).status === 0;
}

export interface Claim {
  readonly signers: string;
  readonly armoured: string;
  readonly text: Uint8Array;
  readonly principal?: string;
  readonly namespace?: string;
}
