/** Whether there is a file that says who may sign, and what is wrong with it. */
import { basename, dirname } from "node:path";
import type { Host } from "../../host/index.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Problem } from "../../problem/problem.ts";
import { readSigners, signersFileOf } from "../signed/doors.ts";
import { warning } from "./words.ts";

/** Of a folder into which this user may not look, nothing is said. */
export async function checkSigners(
  host: Host,
  { policy, places }: PlacedPolicy,
): Promise<Problem[]> {
  const read = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, { name, signed }] of policy.doors.entries()) {
    if (signed === undefined) continue;
    const path = signersFileOf(host, signed);
    const folder = await host.listFolder(dirname(path));
    if (!folder.ok) continue;
    if (!folder.value.includes(basename(path))) {
      const { signers, signed: whole } = places.doors[index] ?? {};
      const what = `there is no ${JSON.stringify(path)}, so nobody can sign a knock at door ${name}`;
      problems.push(warning("signers-missing", signers ?? whole, what, FIX));
    } else if (!read.has(path)) {
      // The agent leaves out what is wrong, and says so in its log, which nobody reads by then.
      const { problems: faults } = await readSigners(host, path);
      problems.push(...faults.map((fault) => ({ ...fault, severity: "warning" as const })));
    }
    read.add(path);
  }
  return problems;
}

const FIX =
  "write a line for each client into it, such as `alice ssh-ed25519 AAAA…`: a name, and what is in `~/.ssh/id_ed25519.pub` of theirs";
