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
