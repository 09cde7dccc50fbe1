/** What gates take of the memory: of the kernel's, and of a daemon. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { printTable, rounded, type Spread, spreadOf } from "../lab/figures.ts";
import { memoryOf } from "../lab/processes.ts";
import { openTarget } from "./injection.ts";
import type { System } from "./system.ts";
import { makeSystem, type Name } from "./systems.ts";

export interface Memory {
  readonly gate: string;
  /** More than the host without rules has, of the kernel's memory. */
  readonly kernelMebibytes: Spread;
  readonly daemonMebibytes: number;
  /** With {@link SOURCES} sources part way, or as many as it holds. */
  readonly kernelMebibytesFull: Spread;
  readonly daemonMebibytesFull: number;
}

const SOURCES = 60_000;
const BASE: Name = "no rules";

/** Each is made anew, alone, in turn. */
export async function measureMemory(
  names: readonly Name[],
  rounds: number,
): Promise<readonly Memory[]> {
  const measured = new Map<Name, Measured[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) measured.get(name)?.push(await measure(name));
  }
  const base = measured.get(BASE) ?? [];
  const results = [...measured].map(([gate, all]) => {
    const beyond = (of: (one: Measured) => number) =>
      spreadOf(all.map((one, n) => of(one) - of(base[n] ?? one)));
    const [first] = all;
    return {
      gate,
      kernelMebibytes: beyond(({ kernel }) => kernel),
      daemonMebibytes: rounded(first?.daemon ?? 0),
      kernelMebibytesFull: beyond(({ kernelFull }) => kernelFull),
      daemonMebibytesFull: rounded(first?.daemonFull ?? 0),
    };
  });
  print(results);
  return results;
}

interface Measured {
  readonly kernel: number;
  readonly daemon: number;
  readonly kernelFull: number;
  readonly daemonFull: number;
}

async function measure(name: Name): Promise<Measured> {
  const before = await settled();
  const system = await makeSystem(name);
  try {
    const target = await openTarget(system);
    const atRest = { kernel: (await settled()) - before, daemon: daemonMemory(system) };
    if (system.beginnings !== undefined) await target.beginFrom(SOURCES);
    await pause(1000);
    const full = { kernelFull: (await settled()) - before, daemonFull: daemonMemory(system) };
    return { ...atRest, ...full };
  } finally {
    system.network.remove();
  }
}

function daemonMemory({ daemon }: System): number {
  return daemon === undefined ? 0 : memoryOf(daemon.pid).rss;
}

/** The kernel gives some things back later. */
async function settled(): Promise<number> {
  await pause(300);
  return kernelMemory();
}

/** What the kernel keeps its own things in, in MiB. */
function kernelMemory(): number {
  const meminfo = readFileSync("/proc/meminfo", "utf8");
  const kilobytes = ["Slab", "VmallocUsed", "Percpu"].map((name) =>
    Number(new RegExp(`^${name}: *(\\d+) kB`, "m").exec(meminfo)?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

function print(results: readonly Memory[]): void {
  const rows = results.map(({ gate, ...of }) => ({
    "memory, MiB": gate,
    kernel: of.kernelMebibytes.median,
    daemon: of.daemonMebibytes,
    [`kernel, ${SOURCES} part way`]: of.kernelMebibytesFull.median,
    "daemon then": of.daemonMebibytesFull,
  }));
  printTable("Memory", rows);
}
