/** The command line with limits of a second, so that a test need not wait for those of users. */
import { runCommandLine } from "../../src/cli/program.ts";
import { system } from "../../src/host/index.ts";
import { LIMITS, type Limits } from "../../src/host/limits.ts";
import { runProgram } from "../../src/host/programs.ts";

const SECONDS = Number(process.env["SECONDS_EACH"] ?? 0);

const limits: Limits = {
  ...LIMITS,
  seconds: { ...LIMITS.seconds, question: SECONDS, rules: SECONDS },
};

process.exitCode = await runCommandLine(process.argv.slice(2), {
  host: {
    ...system,
    self: [process.execPath, process.env["WHOLE"] ?? ""],
    run: (argv, options) => runProgram(argv, options, limits),
  },
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  colour: { stdout: false, stderr: false },
});
