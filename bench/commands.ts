/**
 * How long the commands take that an administrator waits for, beside starting Node.js and
 * `nft` alone: interleaved in one run, medians with quartiles. Aims on two cores: `compile` of
 * the smallest policy 150 ms, of 200 doors 500 ms; `apply` of 200 doors 1 s.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROUNDS = 15;
const DOORS = 200;
const POSTERN = ["node", "dist/postern.js"];

const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
const namespace = `postern-bench-${process.pid}`;
const within = ["ip", "netns", "exec", namespace];

interface Task {
  readonly name: string;
  readonly argv: readonly string[];
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
  const many = write("many.yaml", manyDoors());
  const manyRules = write("many.nft", output([...POSTERN, "compile", many]));
  return [
    { name: "node -e 0", argv: ["node", "-e", "0"] },
    { name: "postern --help", argv: [...POSTERN, "--help"] },
    { name: "compile, smallest", argv: [...POSTERN, "compile", "examples/smallest.yaml"] },
    { name: `compile, ${DOORS} doors`, argv: [...POSTERN, "compile", many] },
    { name: "apply, smallest", argv: [...within, ...POSTERN, "apply", "examples/smallest.yaml"] },
    { name: `nft -f alone, ${DOORS} doors`, argv: [...within, "nft", "-f", manyRules] },
    { name: `apply, ${DOORS} doors`, argv: [...within, ...POSTERN, "apply", many] },
    { name: `status, ${DOORS} doors`, argv: [...within, ...POSTERN, "status"] },
  ];
}

/** Each door with three steps of its own, in no order that a scan goes by. */
function manyDoors(): string {
  const doors = Array.from({ length: DOORS }, (_, n) => {
    const steps = [20_000 + 3 * n, `udp/${20_002 + 3 * n}`, `tcp/${20_001 + 3 * n}`];
    return [`door-${n}`, { protects: `tcp/${1000 + n}`, sequence: { steps } }];
  });
  return JSON.stringify({ doors: Object.fromEntries(doors) });
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function output([program = "", ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8" });
}

/** Milliseconds of every round, by the task's name. */
function measure(all: readonly Task[]): Map<string, number[]> {
  const times = new Map(all.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, argv } of all) times.get(name)?.push(time(argv));
  }
  return times;
}

function time([program = "", ...args]: readonly string[]): number {
  const begun = process.hrtime.bigint();
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`time: ${program} ${args.join(" ")}: ${stderr}`);
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

function report(times: ReadonlyMap<string, readonly number[]>): void {
  process.stdout.write(`${"ms, of ".padStart(24)}${ROUNDS} rounds   median  quartiles\n`);
  for (const [name, measured] of times) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(measured, share));
    const row = [name.padEnd(32), `${median}`.padStart(8), `  ${low} to ${high}`];
    process.stdout.write(`${row.join("")}\n`);
  }
}

function quantile(measured: readonly number[], share: number): number {
  const sorted = measured.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN);
}

main();
