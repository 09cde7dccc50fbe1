/** One TCP connection that carries as much as it can, in packets of 1500 bytes: each meets the rules. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { printTable, type Spread, spreadOf } from "../lab/figures.ts";
import type { System } from "./system.ts";

export interface Bulk {
  readonly gate: string;
  readonly gigabitsASecond: Spread;
  /** Compared with the host without rules in the same round. */
  readonly ratio: Spread;
  /** Of all processors of the machine, the sender's too. */
  readonly processorSecondsAGigabyte: Spread;
  readonly processorRatio: Spread;
}

const SECONDS = 1.2;
const PORT = 5201;
/** Of proc(5). */
const TICKS_A_SECOND = 100;

export async function measureBulk(
  systems: readonly System[],
  rounds: number,
): Promise<readonly Bulk[]> {
  for (const system of systems) await cutSegments(system);
  const measured = systems.map((): Transfer[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [n, system] of systems.entries()) measured[n]?.push(await transfer(system));
  }
  const [base = []] = measured;
  const results = systems.map(({ name }, n) => {
    const own = measured[n] ?? [];
    const ratios = (of: (transfer: Transfer) => number) =>
      spreadOf(own.map((one, round) => of(one) / of(base[round] ?? one)));
    return {
      gate: name,
      gigabitsASecond: spreadOf(own.map(({ gigabits }) => gigabits)),
      ratio: ratios(({ gigabits }) => gigabits),
      processorSecondsAGigabyte: spreadOf(own.map(({ processor }) => processor)),
      processorRatio: ratios(({ processor }) => processor),
    };
  });
  print(results);
  return results;
}

/** Else 64 KiB would come through as one packet. */
async function cutSegments({ network }: System): Promise<void> {
  const { client, server } = network.link;
  await client.host.run(["ethtool", "-K", client.interface, "tso", "off", "gso", "off"]);
  await server.host.run(["ethtool", "-K", server.interface, "gro", "off"]);
}

interface Transfer {
  /** A second. */
  readonly gigabits: number;
  /** Seconds a gigabyte. */
  readonly processor: number;
}

async function transfer({ network }: System): Promise<Transfer> {
  const { client, server, link } = network;
  const on = (processor: number) => ["taskset", "--cpu-list", `${processor}`];
  const listening = server.start([...on(lastProcessor()), "iperf3", "-s", "-1", "-p", `${PORT}`]);
  await pause(100);
  const before = { idle: idleSeconds(), at: performance.now() };
  const { stdout } = await client.run([
    ...[...on(0), "iperf3", "-c", link.server.ipv4, "-p", `${PORT}`, "-t", `${SECONDS}`, "-J"],
  ]);
  const took = (performance.now() - before.at) / 1000;
  const busy = availableParallelism() * took - (idleSeconds() - before.idle);
  await listening.ended;
  const { sum_received: sum } = (JSON.parse(stdout) as Iperf).end;
  const gigabytes = sum.bytes / 1e9;
  return { gigabits: (gigabytes * 8) / sum.seconds, processor: busy / gigabytes };
}

interface Iperf {
  readonly end: { readonly sum_received: { readonly bytes: number; readonly seconds: number } };
}

function lastProcessor(): number {
  return Math.min(1, availableParallelism() - 1);
}

/** Of all processors together, waiting for disks included. */
function idleSeconds(): number {
  const [, , , , idle, waiting] = readFileSync("/proc/stat", "utf8").split(/\s+/).map(Number);
  return ((idle ?? 0) + (waiting ?? 0)) / TICKS_A_SECOND;
}

function print(results: readonly Bulk[]): void {
  const rows = results.map(({ gate, gigabitsASecond, ratio, ...result }) => ({
    gate,
    "Gbit/s": gigabitsASecond.median,
    ratio: ratio.median.toFixed(2),
    quartiles: `${ratio.lowQuartile.toFixed(2)} to ${ratio.highQuartile.toFixed(2)}`,
    "processor s/GB": result.processorSecondsAGigabyte.median,
    "its ratio": result.processorRatio.median.toFixed(2),
  }));
  printTable("One TCP connection, packets of 1500 bytes", rows);
}
