/**
 * The command line on a host that ends this process (SIGKILL) right before one of the dealings
 * that change something outside, DIE_AT=7 before the seventh, or after the last of them: a death
 * while something is read leaves the same as one before the next change. What it starts again of
 * itself is the whole command, named by WHOLE.
 */
import { runCommandLine } from "../../src/cli/program.ts";
import { type Host, system } from "../../src/host/index.ts";

const last = Number(process.env["DIE_AT"] ?? 0);
let moments = 0;

function count(): void {
  moments += 1;
  if (moments === last) process.kill(process.pid, "SIGKILL");
}

type Deal<Args extends unknown[], T> = (...args: Args) => T;

function changing<Args extends unknown[], T>(deal: Deal<Args, T>): Deal<Args, T> {
  return (...args) => {
    count();
    return deal(...args);
  };
}

const READING_PROGRAM = /^(ss|ip|tc|bridge|nsenter|grep|uname|.*-save)$/;
const READING_ARGUMENT = /^(list|--version|--check|--test)$/;

function onlyReads([program = "", ...args]: readonly string[]): boolean {
  return READING_PROGRAM.test(program) || args.some((argument) => READING_ARGUMENT.test(argument));
}

const change = changing(system.run);

const host: Host = {
  ...system,
  self: [process.execPath, process.env["WHOLE"] ?? ""],
  run: (argv, options) => (onlyReads(argv) ? system.run : change)(argv, options),
  start: changing(system.start),
  startApart: changing(system.startApart),
  writeNew: changing(system.writeNew),
  replace: changing(system.replace),
  rename: changing(system.rename),
  remove: changing(system.remove),
};

process.exitCode = await runCommandLine(process.argv.slice(2), {
  host,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  colour: { stdout: false, stderr: false },
});
count();
process.stdout.write(`${moments} moments\n`);
