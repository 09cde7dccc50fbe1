/**
 * How long `check` takes beside starting Node.js alone: interleaved in one run, medians with
 * quartiles. Aims on two cores: the smallest policy 1 s, 50 doors 5 s, whatever there is to say.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROUNDS = 9;
const DOORS = 50;
/** The ports of one door's steps lie in a part of their own. */
const PART = 300;
const STRONG = [1, 255, 123, 200, 50];

const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
const namespace = `postern-bench-${process.pid}`;

interface Task {
  readonly name: string;
  readonly argv: readonly string[];
  /** How it ends: a policy with errors is refused. */
  readonly status: number;
}

function main(): void {
  execFileSync("ip", ["netns", "add", namespace]);
  try {
    report(measure(tasks()));
  } finally {
    execFileSync("ip", ["netns", "delete", namespace]);
    rmSync(folder, { recursive: true });
  }
}

function tasks(): Task[] {
  const check = (name: string, file: string, status: number): Task => ({
    name: `check, ${name}`,
    argv: ["ip", "netns", "exec", namespace, "node", "dist/postern.js", "check", file],
    status,
  });
  return [
    { name: "node -e 0", argv: ["node", "-e", "0"], status: 0 },
    check("smallest", "examples/smallest.yaml", 0),
    check(`${DOORS} doors`, write("good.yaml", 20_000, STRONG), 0),
    check(`${DOORS} doors to be moved`, write("moved.yaml", 40_000, STRONG), 0),
    check(`${DOORS} doors that scans open`, write("weak.yaml", 20_000, [1, 2, 3]), 1),
  ];
}

/** Doors whose steps lie so far into their own parts of the ports from `first` on. */
function write(name: string, first: number, places: readonly number[]): string {
  const doors = Array.from({ length: DOORS }, (_, n) => {
    const steps = places.map((place) => first + PART * n + place);
    return [`door-${n}`, { protects: `tcp/${1000 + n}`, sequence: { steps } }];
  });
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ doors: Object.fromEntries(doors) }));
  return path;
}

/** Milliseconds of every round, by the task's name. */
function measure(all: readonly Task[]): Map<string, number[]> {
  const times = new Map(all.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const task of all) times.get(task.name)?.push(time(task));
  }
  return times;
}

function time({ argv: [program = "", ...args], status: wanted }: Task): number {
  const begun = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== wanted) {
    throw new Error(`time: ${program} ${args.join(" ")}: ended with ${status}: ${stdout}${stderr}`);
  }
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

function report(times: ReadonlyMap<string, readonly number[]>): void {
  process.stdout.write(`${"ms, of ".padStart(24)}${ROUNDS} rounds    median  quartiles\n`);
  for (const [name, measured] of times) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(measured, share));
    const row = [name.padEnd(32), `${median}`.padStart(9), `  ${low} to ${high}`];
    process.stdout.write(`${row.join("")}\n`);
  }
}

function quantile(measured: readonly number[], share: number): number {
  const sorted = measured.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN);
}

main();
