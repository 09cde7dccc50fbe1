/** What a process costs, from /proc. */
import { readFileSync } from "node:fs";

/** Of proc(5): so many of a clock's ticks are a second, on every Linux that runs Node.js. */
const TICKS_A_SECOND = 100;
/** Fields of /proc/PID/stat behind the name of the program. */
const TIMES = { user: 11, system: 12, childrenUser: 13, childrenSystem: 14 } as const;

/** Seconds of a processor so far: of the process, and with those of its children that have ended. */
export interface Used {
  readonly own: number;
  readonly withChildren: number;
}

export function timeUsedBy(pid: number): Used {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const at = (index: number) => Number(fields[index]) / TICKS_A_SECOND;
  const own = at(TIMES.user) + at(TIMES.system);
  return { own, withChildren: own + at(TIMES.childrenUser) + at(TIMES.childrenSystem) };
}

export function usedSince(before: Used, now: Used): Used {
  return { own: now.own - before.own, withChildren: now.withChildren - before.withChildren };
}

/** MiB that are in memory, and its part of them where those are shared with others. */
export function memoryOf(pid: number): { readonly rss: number; readonly pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { rss: mebibytes("Rss"), pss: mebibytes("Pss") };
}
