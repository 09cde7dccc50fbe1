/** What a gate's process takes while nobody knocks. */
import { setTimeout as pause } from "node:timers/promises";
import { printTable, rounded } from "../lab/figures.ts";
import { memoryOf, timeUsedBy, usedSince } from "../lab/processes.ts";
import type { DaemonSite } from "../lab/site.ts";

const SECONDS = 60;

export interface Rest {
  readonly gate: string;
  readonly rssMebibytes: number;
  readonly pssMebibytes: number;
  /** Of a processor, with those of programs that it has started. */
  readonly secondsAMinute: number;
}

export async function measureRest(sites: readonly DaemonSite[]): Promise<readonly Rest[]> {
  const before = sites.map(({ daemon }) => timeUsedBy(daemon.pid));
  await pause(SECONDS * 1000);
  const rests = sites.map(({ name, daemon }, n) => {
    const now = timeUsedBy(daemon.pid);
    const used = usedSince(before[n] ?? now, now).withChildren;
    const { rss, pss } = memoryOf(daemon.pid);
    return {
      gate: name,
      rssMebibytes: rounded(rss),
      pssMebibytes: rounded(pss),
      secondsAMinute: rounded((used * 60) / SECONDS),
    };
  });
  const rows = rests.map(({ gate, rssMebibytes, pssMebibytes, secondsAMinute }) => ({
    "the process at rest": gate,
    "RSS, MiB": rssMebibytes,
    "PSS, MiB": pssMebibytes,
    "processor s a minute": secondsAMinute,
  }));
  printTable("4. At rest", rows);
  return rests;
}
