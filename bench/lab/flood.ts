/** Whether knocks open while somebody floods the gate, and what that takes. */
import { setTimeout as pause } from "node:timers/promises";
import { printAddress } from "../../src/policy/address.ts";
import { rounded } from "./figures.ts";
import { timeUsedBy, usedSince } from "./processes.ts";
import { makeFlooder } from "./senders.ts";
import { arrivedAt, newSources, type Site, type Way } from "./site.ts";

export interface Scenario {
  readonly site: Site;
  readonly packets: string;
  readonly rubbish: () => readonly Buffer[];
  /** 0: as many as it can. */
  readonly aSecond: number;
  /** By what carriers is knocked meanwhile. */
  readonly ways: readonly Way[];
}

export interface Course {
  readonly seconds: number;
  /** Knocks begin when the flood has gone on for a while, and have time before it ends. */
  readonly beforeSeconds: number;
  readonly knocks: number;
  readonly knocksASecond: number;
}

export interface FloodResult {
  readonly gate: string;
  readonly packets: string;
  readonly wantedASecond: number | "most";
  /** That came in at the gate. */
  readonly aSecond: number;
  readonly knocksOfEach: number;
  /** By the way of knocking: how many of them had opened before the flood ended. */
  readonly opened: Readonly<Record<string, number>>;
  /** Of the gate's process and of what it has started, in each second of the flood. */
  readonly processor: number;
}

export async function measureFlood(
  { site, packets, rubbish, aSecond, ways }: Scenario,
  { seconds, beforeSeconds, knocks: count, knocksASecond }: Course,
): Promise<FloodResult> {
  const knocks = await Promise.all(ways.map((way) => prepare(way, count)));
  const flooder = makeFlooder(site);
  const frames = rubbish();
  const begun = performance.now();
  const before = { used: usedBy(site), arrived: arrivedAt(site) };
  const flood = flooder(frames, { aSecond, seconds });
  await pause(beforeSeconds * 1000);
  const inTurn = Array.from({ length: count }, (_, n) =>
    knocks.flatMap(({ frames }) => frames[n] ?? []),
  ).flat();
  const pace = { aSecond: (inTurn.length / count) * knocksASecond, seconds, times: 1 };
  await flooder(inTurn, pace).ended;
  await pause(seconds * 1000 - (performance.now() - begun));
  const took = (performance.now() - begun) / 1000;
  const used = usedSince(before.used, usedBy(site)).withChildren;
  const arrived = arrivedAt(site) - before.arrived;
  const letIn = await site.letIn();
  await flood.ended;
  await recover(site);
  return {
    ...{ gate: site.name, packets, wantedASecond: aSecond === 0 ? "most" : aSecond },
    aSecond: rounded(arrived / took),
    knocksOfEach: count,
    opened: Object.fromEntries(
      knocks.map(({ way, sources }) => [
        way.name,
        sources.filter((source) => letIn.has(source)).length,
      ]),
    ),
    processor: rounded(used / took),
  };
}

async function prepare(way: Way, count: number) {
  const sources = newSources(count);
  const frames = await way.knocks(sources);
  return { way, frames, sources: sources.map(printAddress) };
}

function usedBy({ daemon }: Site) {
  return daemon === undefined ? { own: 0, withChildren: 0 } : timeUsedBy(daemon.pid);
}

/** Until what has come in is gone through. */
async function recover(site: Site): Promise<void> {
  const used = () => usedBy(site).withChildren;
  for (let before = -1, tries = 0; used() - before > 0.1 && tries < 60; tries += 1) {
    before = used();
    await pause(1000);
  }
  await site.shut();
}
