/** The host that this process runs on. */
import { once } from "node:events";
import { readFile, readlink } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import {
  checkFile,
  checkFolder,
  listFolder,
  makeFolder,
  removeFile,
  renameFile,
  replaceFile,
  writeNewFile,
} from "./files.ts";
import type { Host } from "./host.ts";
import { network } from "./network.ts";
import { runProgram, startApart, startProgram } from "./programs.ts";
import { loadSockets } from "./sockets.ts";
import { readInput, readKeptFile, readSecretFile, readTextFile, stampOf } from "./texts.ts";

export const system: Host = {
  run: (argv, options) => runProgram(argv, options),
  start: startProgram,
  startApart,
  self: [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)],
  pause: pauseUntil,
  now: () => Date.now(),
  monotonic: () => performance.now(),
  network,
  interruption: async () => {
    await once(process, "SIGINT");
  },
  onSignal: (name, then) => {
    process.removeAllListeners(name).on(name, then);
  },
  endNow,
  sockets: loadSockets,
  stampOf,
  readText: readTextFile,
  readSecret: readSecretFile,
  readInput,
  readKernelFile: (path) => readFile(path, "utf8").catch(() => undefined),
  readKept: readKeptFile,
  makeFolder,
  listFolder,
  writeNew: writeNewFile,
  replace: replaceFile,
  rename: renameFile,
  checkFolder,
  checkFile,
  remove: removeFile,
  readLink: (path) => readlink(path).catch(() => undefined),
  environment: (name) => process.env[name],
};

function endNow(): never {
  // The end of Node.js itself waits for reads on file systems that hang.
  process.kill(process.pid, "SIGKILL");
  throw new Error("endNow: this process goes on");
}

async function pauseUntil(milliseconds: number, end?: AbortSignal): Promise<void> {
  // Aborted, it throws; and a signal that is given as undefined is refused.
  await pause(milliseconds, undefined, end === undefined ? {} : { signal: end }).catch(
    () => undefined,
  );
}
