/** What a gate's process takes of a processor while nobody knocks and nobody is connected. */
import { setTimeout as pause } from "node:timers/promises";
import { printTable, rounded } from "../lab/figures.ts";
import { timeUsedBy, usedSince } from "../lab/processes.ts";
import type { System } from "./system.ts";

export interface Idle {
  readonly gate: string;
  readonly measuredSeconds: number;
  readonly processorSecondsADay: number;
}

const SECONDS_A_DAY = 24 * 60 * 60;

/** Of a gate without a process that is nothing, and not measured. */
export async function measureIdle(
  systems: readonly System[],
  seconds: number,
): Promise<readonly Idle[]> {
  const daemons = systems.flatMap(({ name, daemon }) =>
    daemon ? [{ name, pid: daemon.pid }] : [],
  );
  const before = daemons.map(({ pid }) => timeUsedBy(pid));
  await pause(seconds * 1000);
  const results = daemons.map(({ name, pid }, n) => {
    const now = timeUsedBy(pid);
    const { withChildren: used } = usedSince(before[n] ?? now, now);
    const processorSecondsADay = rounded((used / seconds) * SECONDS_A_DAY);
    return { gate: name, measuredSeconds: seconds, processorSecondsADay };
  });
  const rows = results.map(({ gate, processorSecondsADay }) => ({
    "at rest": gate,
    "processor s a day": processorSecondsADay,
  }));
  printTable("Daemons at rest", rows);
  return results;
}
