/** Which gate the next boot brings: the one that is there for good, and not one that waits. */
import type { Host } from "../host/index.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import type { KeptGate } from "./backend.ts";
import { type BootFile, bootFolderOf, removeBootFiles, writeBootFile } from "./keep/boot-files.ts";
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
  const file = await fileOfStanding(host, keep);
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
    const { listeners } = await readBoundSockets(host, policy);
    return ok({ suffix, text: backend.print(backend.compile(policy, listeners)) });
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
