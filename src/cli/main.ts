#!/usr/bin/env node
/** The one place that touches this process: its arguments, its streams, its end. */
import { system } from "../host/index.ts";
import type { Asker } from "./asker.ts";
import { EXIT } from "./command.ts";
import { runCommandLine } from "./program.ts";

function hasColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR: noColour = "" } = process.env;
  return stream.isTTY === true && noColour === "";
}

// Whoever reads may have seen enough (`postern status | head -1`); a full disk is worth a word.
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") return;
  process.stderr.write(`postern: cannot write the result: ${message}\n`);
  process.exitCode = EXIT.host;
});
process.stderr.on("error", () => {
  // There is nobody left to tell.
});

/** In /proc/PID/status, of a process that ignores the first of all signals. */
const IGNORES_HANG_UP = /^SigIgn:\s*[0-9a-f]*[13579bdf]$/m;
/** What a shell calls the end by it. */
const HUNG_UP = 129;

// ssh ends with this signal what connects for it. To die of it would leave a pipe on stderr as
// Node.js has made it, non-blocking, for all who share it: `{ ssh HOST; make; } 2>&1 | tee log`.
// And Node.js forgets that it was to be ignored: whoever started this may go on (`nohup ssh HOST`).
process.on("SIGHUP", async () => {
  const starter = await system.readKernelFile(`/proc/${process.ppid}/status`);
  if (!IGNORES_HANG_UP.test(starter ?? "")) process.exit(HUNG_UP);
});

const { stdin, stderr } = process;
const canAnswer = stdin.isTTY === true && stderr.isTTY === true;

/** What asks is large, and few commands do. */
async function startAsking(): Promise<Asker> {
  const { askerOn } = await import("./terminal.ts");
  return askerOn(stdin, stderr);
}

const exit = await runCommandLine(process.argv.slice(2), {
  host: system,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  colour: { stdout: hasColour(process.stdout), stderr: hasColour(process.stderr) },
  isTyped: stdin.isTTY === true,
  asker: canAnswer ? startAsking : undefined,
});
process.exitCode ??= exit;
