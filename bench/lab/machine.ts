/** On what was measured. */
import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { rounded } from "./figures.ts";

export interface Machine {
  readonly kernel: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryGibibytes: number;
  readonly versions: Readonly<Record<string, string>>;
}

const PACKAGES = [
  ...["fwknop-server", "fwknop-client", "knockd", "nftables", "iptables", "openssh-client"],
];

export function describeMachine(): Machine {
  const [first] = cpus();
  const shown = spawnSync("dpkg-query", ["--show", ...PACKAGES], { encoding: "utf8" });
  const versions = shown.stdout.trim().split("\n");
  return {
    kernel: release().replace(/-.*/, ""),
    processor: first?.model ?? "",
    processors: cpus().length,
    memoryGibibytes: rounded(totalmem() / 2 ** 30),
    versions: {
      node: process.versions.node,
      openssl: process.versions.openssl,
      ...Object.fromEntries(versions.map((line) => line.split("\t") as [string, string])),
    },
  };
}

/** Of the last minute. */
export function loadNow(): number {
  return rounded(loadavg()[0] ?? 0);
}

const QUIET_LOAD = 1.5;
const PATIENCE_SECONDS = 180;

/** Or measures anyway: the load is noted beside the figures. */
export async function untilQuiet(): Promise<void> {
  for (let seconds = 0; loadNow() > QUIET_LOAD && seconds < PATIENCE_SECONDS; seconds += 5) {
    if (seconds === 0) process.stderr.write("bench: waiting for a quieter machine\n");
    await pause(5000);
  }
}
