/**
 * The command line on a host that ends this process (SIGKILL) right before one of its dealings
 * with the outside: DIE_AT=7 before the seventh. They are counted from the first that changes
 * anything; before that a death leaves everything as it was, as it does while something is only
 * read. What it starts again of itself is the whole command, named by WHOLE.
 */
import { runCommandLine } from "../../src/cli/program.ts";
import { type Host, system } from "../../src/host/index.ts";

const last = Number(process.env["DIE_AT"] ?? 0);
let dealings = 0;

type Deal<Args extends unknown[], T> = (...args: Args) => T;

/** The first that changes something begins the count. */
function changing<Args extends unknown[], T>(deal: Deal<Args, T>): Deal<Args, T> {
  return (...args) => {
    dealings += 1;
    if (dealings === last) process.kill(process.pid, "SIGKILL");
    return deal(...args);
  };
}

const run = changing(system.run);

const host: Host = {
  ...system,
  self: [process.execPath, process.env["WHOLE"] ?? ""],
  run: (...args) => (dealings === 0 ? system.run : run)(...args),
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
process.stdout.write(`${dealings} dealings\n`);
