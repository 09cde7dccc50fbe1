#!/usr/bin/env node
/** The one place that touches this process: its arguments, its streams, its end. */
import { system } from "../host/index.ts";
import { runCommandLine } from "./program.ts";

function hasColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR: noColour = "" } = process.env;
  return stream.isTTY === true && noColour === "";
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  host: system,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  colour: { stdout: hasColour(process.stdout), stderr: hasColour(process.stderr) },
});
