/**
 * The command line on a host that ends this process (SIGKILL) right before one of its dealings
 * with the outside: DIE_AT=7 before the seventh. They are counted from the first that could
 * change anything; until then a death leaves everything as it was. What it starts again of itself
 * is the whole command, named by WHOLE.
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

function looking<Args extends unknown[], T>(deal: Deal<Args, T>): Deal<Args, T> {
  const counted = changing(deal);
  return (...args) => (dealings === 0 ? deal : counted)(...args);
}

const host: Host = {
  ...system,
  self: [process.execPath, process.env["WHOLE"] ?? ""],
  run: looking(system.run),
  start: changing(system.start),
  startApart: changing(system.startApart),
  pause: looking(system.pause),
  readText: looking(system.readText),
  readKernelFile: looking(system.readKernelFile),
  readKept: looking(system.readKept),
  writeNew: changing(system.writeNew),
  replace: changing(system.replace),
  remove: changing(system.remove),
  readLink: looking(system.readLink),
};

process.exitCode = await runCommandLine(process.argv.slice(2), {
  host,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  colour: { stdout: false, stderr: false },
});
process.stdout.write(`${dealings} dealings\n`);
