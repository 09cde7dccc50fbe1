/** The host that this process runs on. */
import { once } from "node:events";
import { open, readFile, readlink, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { checkFolder, removeFile, renameFile, replaceFile, writeNewFile } from "./files.ts";
import type { Host } from "./host.ts";
import { runProgram, startApart, startProgram } from "./programs.ts";

/** A policy of 10,000 doors is smaller. */
const MOST_BYTES = 1024 * 1024;

export const system: Host = {
  run: runProgram,
  start: startProgram,
  startApart,
  self: [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)],
  pause: (milliseconds) => pause(milliseconds),
  now: () => Date.now(),
  interruption: async () => {
    await once(process, "SIGINT");
  },
  readText: readTextFile,
  readKernelFile: (path) => readFile(path, "utf8").catch(() => undefined),
  readKept: (path) => readFile(path, "utf8").catch(() => undefined),
  writeNew: writeNewFile,
  replace: replaceFile,
  rename: renameFile,
  checkFolder,
  remove: removeFile,
  readLink: (path) => readlink(path).catch(() => undefined),
  environment: (name) => process.env[name],
};

async function readTextFile(path: string): Promise<Result<string>> {
  try {
    const bytes = await readAtMost(path, MOST_BYTES + 1);
    if (bytes.length > MOST_BYTES) return fail(tooLarge(path));
    // What is read once may be the beginning of one version and the end of another.
    if ((await stat(path)).isFile() && !bytes.equals(await readAtMost(path, MOST_BYTES + 1))) {
      return fail(changing(path));
    }
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    return fail(unreadable(path, error));
  }
}

/** What says that it is small may not be: `/dev/zero` has no bytes and no end. */
async function readAtMost(path: string, most: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(most);
    let length = 0;
    while (true) {
      const { bytesRead } = await file.read(bytes, length, most - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === most) return bytes.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

function changing(path: string): Problem {
  return {
    code: "file-changing",
    severity: "error",
    what: `${JSON.stringify(path)} changed while it was read`,
    fix: "try again when it is saved",
  };
}

function tooLarge(path: string): Problem {
  return {
    code: "file-too-large",
    severity: "error",
    what: `${JSON.stringify(path)} is larger than 1 MiB`,
    fix: "name a policy file",
  };
}

function unreadable(path: string, error: unknown): Problem {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [why, fix] = REASONS[code] ?? ["cannot be read", "name a file that can be read"];
  return {
    code: "file-unreadable",
    severity: "error",
    what: `${JSON.stringify(path)} ${why}`,
    fix,
  };
}

const REASONS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ENOENT: ["does not exist", "name another file, or write one: docs/policy.md shows how"],
  EACCES: ["may not be read by you", "run this as root, or as the owner of the file"],
  EISDIR: ["is a directory", "name the policy file in it"],
  ERR_ENCODING_INVALID_ENCODED_DATA: ["is not UTF-8 text", "save it as UTF-8"],
};
