/** Which gate the next boot brings: the one that is there for good, and not one that waits. */
import { type Host, withinLimits } from "../host/index.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { readAround } from "./around.ts";
import type { KeptGate } from "./backend.ts";
import {
  type BootFile,
  bootFolderOf,
  DEFAULT_FOLDER,
  fingerprintIn,
  readBootFile,
  removeBootFiles,
  writeBootFile,
} from "./keep/boot-files.ts";
import type { Keep } from "./keep/keep.ts";
import { policyOf } from "./keep/policy-of.ts";
import { backendOf, takeSnapshot } from "./keep/snapshot.ts";
import { readBoundSockets } from "./sockets.ts";
import { NO_GATE } from "./standing.ts";

/**
 * Keeps the gate that stands. A gate that is up is not taken down because this cannot be done:
 * what is in the way comes back as warnings.
 */
export async function keepForBoot(host: Host, keep: Keep): Promise<readonly Problem[]> {
  const folder = await bootFolderOf(host);
  if (folder === undefined) return [];
  const file = await withinLimits(() => fileOfStanding(host, keep));
  const kept = file.ok ? await writeBootFile(host, folder, file.value) : file;
  return kept.ok ? [] : kept.problems.map(notKept);
}

async function fileOfStanding(host: Host, keep: Keep): Promise<Result<BootFile>> {
  const gate = await takeSnapshot(host);
  if (!gate.ok) return gate;
  // Something else has taken it away by now. What was kept is worth more than nothing.
  return gate.value === null ? fail(NO_GATE) : fileOf(host, keep, gate.value);
}

/** As `postern compile` prints it, or where nobody knows the policy, as the kernel has it. */
async function fileOf(host: Host, keep: Keep, gate: KeptGate): Promise<Result<BootFile>> {
  const backend = backendOf(gate);
  const { suffix } = backend;
  const policy = await policyOf(keep, gate);
  if (policy !== undefined) {
    const around = await readAround(host, policy, await readBoundSockets(host, policy));
    return ok({ suffix, text: backend.print(backend.compile(policy, around)) });
  }
  const tried = await backend.tryRestore(host, gate);
  return tried.ok ? ok({ suffix, text: backend.printKept(gate) }) : tried;
}

/** That the next boot brings none. */
export async function forgetForBoot(host: Host): Promise<readonly Problem[]> {
  const folder = await bootFolderOf(host);
  if (folder === undefined) return [];
  const removed = await removeBootFiles(host, folder);
  return removed.ok ? [] : removed.problems.map(notForgotten);
}

/** What postern.service does at the next boot. */
export interface AtBoot {
  readonly isEnabled: boolean;
  /** Which gate is kept for it: the one that stands, another, or none. */
  readonly kept: "this" | "another" | "none";
}

const UNIT_STATE = ["systemctl", "is-enabled", "postern.service"] as const;

/**
 * Null where that is not for postern.service: in a network that no boot makes, or where it is not
 * installed.
 *
 * @param fingerprint of the policy that the gate that stands was made of, if it says.
 */
export async function readAtBoot(
  host: Host,
  fingerprint: string | undefined,
): Promise<AtBoot | null> {
  if ((await bootFolderOf(host)) !== DEFAULT_FOLDER) return null;
  const state = (await host.run(UNIT_STATE)).stdout.trim();
  if (state === "" || state === "not-found") return null;
  const file = await readBootFile(host, DEFAULT_FOLDER);
  return { isEnabled: state === "enabled", kept: compare(file, fingerprint) };
}

function compare(file: BootFile | undefined, fingerprint: string | undefined): AtBoot["kept"] {
  if (file === undefined) return "none";
  return fingerprint !== undefined && fingerprintIn(file) === fingerprint ? "this" : "another";
}

function notKept({ what, fix }: Problem): Problem {
  return {
    code: "not-kept-for-boot",
    severity: "warning",
    what: `the next boot does not bring this gate, but the one of before if there was one: ${what}`,
    fix: `${fix}, and apply the policy again`,
  };
}

function notForgotten({ what, fix }: Problem): Problem {
  return {
    code: "comes-back-at-boot",
    severity: "warning",
    what: `the gate is gone, and the next boot brings it back: ${what}`,
    fix: `${fix}, and remove the gate again`,
  };
}
