/** Somebody's account on a host: profiles in a home of its own, and an ssh that knocks by itself. */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Bundle } from "../cli/run.ts";
import type { Host, Output, Running, RunOptions } from "./host.ts";
import { until } from "./until.ts";

export interface Account {
  /** Its ssh_config, for `ssh -F`. */
  readonly config: string;
  /** Adds lines to it. */
  readonly configure: (lines: readonly string[]) => void;
  /** Keeps the doors of a policy under a name, and has ssh knock there, all as users would. */
  readonly learn: (name: string, policy: string, doors?: readonly string[]) => Promise<void>;
  /** Runs a line of shell to its end; in it, `$ssh` is an ssh with `$config`. */
  readonly shell: (line: string, options?: RunOptions) => Promise<Output>;
  /** Starts a program; `ssh` alone has no config. */
  readonly start: (argv: readonly string[]) => Running;
}

/** `settings` are of every host that it calls. */
export function accountOn(host: Host, bundle: Bundle, settings: readonly string[]): Account {
  const [home, config] = [host.newPath("home"), host.newPath("ssh_config")];
  mkdirSync(home);
  const configure = (lines: readonly string[]) =>
    appendFileSync(config, lines.map((line) => `${line}\n`).join(""));
  configure(settings);
  const as = [
    ...["env", "-u", "XDG_CONFIG_HOME", "-u", "SSH_AUTH_SOCK", `HOME=${home}`],
    ...[`config=${config}`, `ssh=ssh -F ${config}`, `postern=${process.execPath} ${bundle.file}`],
  ];
  const shell = (line: string, options: RunOptions = {}) =>
    host.run([...as, "sh", "-c", line], options);
  return {
    config,
    configure,
    learn: async (name, policy, doors = ["ssh"]) => {
      const file = host.newPath("policy");
      writeFileSync(file, policy);
      for (const door of doors) {
        await shell(
          `$postern profile export ${door} ${file} | $postern profile add ${name} --from -`,
        );
      }
      await shell(`$postern ssh-config ${name} >>${config}`);
    },
    shell,
    start: (argv) => host.start([...as, ...argv]),
  };
}

/** What connects for ssh now, on a host: its processes. */
export function connectsOn(host: Host): readonly number[] {
  return processesOn(host, / connect \S+ \d+$/);
}

/** Waits until nothing connects for ssh any longer. */
export async function untilNoneConnects(host: Host): Promise<void> {
  await until("the end of every `postern connect`", () => connectsOn(host).length === 0);
}

/** What runs on a host under such a line. */
export function processesOn({ namespace }: Host, line: RegExp): readonly number[] {
  const pids = execFileSync("ip", ["netns", "pids", namespace], { encoding: "utf8" });
  return pids
    .split("\n")
    .filter((pid) => pid !== "" && line.test(lineOf(pid)))
    .map(Number);
}

/** None when it has ended in between. */
function lineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
