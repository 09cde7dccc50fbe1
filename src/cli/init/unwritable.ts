/** Why a file cannot be written, found out before anybody answers questions for it. */
import { dirname } from "node:path";
import type { Host } from "../../host/index.ts";
import type { Problem } from "../../problem/problem.ts";

/** Undefined where nothing is known against it; the writing itself has the last word. */
export async function findUnwritable(host: Host, file: string): Promise<Problem | undefined> {
  if ((await host.readKept(file)) !== undefined) {
    return problem("file-exists", file, "exists already, and init overwrites nothing", MOVE);
  }
  const folder = await nearestFolder(host, dirname(file));
  if (!(await is(host, "-w", folder))) {
    return problem("file-unwritable", file, "may not be written by you", AS_ROOT);
  }
  return undefined;
}

const MOVE = "change it by hand, move it away, or name another file";
const AS_ROOT = "run this as root, or name a file in a folder of yours";

/** The folder, or where it would have to be made. */
async function nearestFolder(host: Host, folder: string): Promise<string> {
  const above = dirname(folder);
  if (above === folder || (await is(host, "-e", folder))) return folder;
  return nearestFolder(host, above);
}

/** Where there is no `test` to say no, the answer is yes. */
async function is(host: Host, question: "-e" | "-w", path: string): Promise<boolean> {
  return (await host.run(["test", question, path])).status !== 1;
}

function problem(code: string, file: string, what: string, fix: string): Problem {
  return { code, severity: "error", what: `${JSON.stringify(file)} ${what}`, fix };
}
