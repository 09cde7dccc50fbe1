/** Times commands side by side: interleaved in one run, medians with quartiles. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const POSTERN = ["node", "dist/postern.js"] as const;

export interface Task {
  readonly name: string;
  readonly argv: readonly string[];
  /** How it ends; default 0. */
  readonly status?: number;
}

/** What tasks need; it goes away with the run. */
export interface Stage {
  /** Writes a file; its path. */
  readonly write: (name: string, text: string) => string;
  /** What runs the command that follows it on a host of its own, which has no network. */
  readonly on: (host: string) => readonly string[];
}

/** Prints how many milliseconds each task takes. */
export function sideBySide(rounds: number, tasksOn: (stage: Stage) => readonly Task[]): void {
  const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
  const namespaces = new Set<string>();
  const stage: Stage = {
    write: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    on: (host) => {
      const namespace = `postern-bench-${process.pid}-${host}`;
      if (!namespaces.has(namespace)) execFileSync("ip", ["netns", "add", namespace]);
      namespaces.add(namespace);
      return ["ip", "netns", "exec", namespace, "env", `POSTERN_RUN_DIR=${folder}/${host}`];
    },
  };
  try {
    report(rounds, measure(rounds, tasksOn(stage)));
  } finally {
    for (const namespace of namespaces) execFileSync("ip", ["netns", "delete", namespace]);
    rmSync(folder, { recursive: true });
  }
}

/** Milliseconds of every round, by the task's name. */
function measure(rounds: number, tasks: readonly Task[]): Map<string, number[]> {
  const times = new Map(tasks.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const task of tasks) times.get(task.name)?.push(time(task));
  }
  return times;
}

function time({ argv: [program = "", ...args], status: wanted = 0 }: Task): number {
  const begun = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== wanted) {
    throw new Error(`time: ${program} ${args.join(" ")}: ended with ${status}: ${stdout}${stderr}`);
  }
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

function report(rounds: number, times: ReadonlyMap<string, readonly number[]>): void {
  process.stdout.write(`${`ms, of ${rounds} rounds`.padEnd(40)}   median  quartiles\n`);
  for (const [name, measured] of times) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(measured, share));
    const row = [name.padEnd(40), `${median}`.padStart(9), `  ${low} to ${high}`];
    process.stdout.write(`${row.join("")}\n`);
  }
}

/** The value that this share of them does not exceed, rounded. */
export function quantile(measured: readonly number[], share: number): number {
  const sorted = measured.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN);
}
