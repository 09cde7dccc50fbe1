/** Whether knocks open while somebody floods the gate, and what that takes. */
import { setTimeout as pause } from "node:timers/promises";
import { printAddress } from "../../src/policy/address.ts";
import { printTable, rounded } from "./figures.ts";
import { fwknopWay } from "./peers.ts";
import { type PosternSite, signedWay } from "./postern.ts";
import { timeUsedBy, usedSince } from "./processes.ts";
import { CARRIER, type Rubbish, rubbishFor, rubbishForFwknopd } from "./rubbish.ts";
import { makeFlooder } from "./senders.ts";
import { arrivedAt, newSources, type Site, type Way } from "./site.ts";

const SECONDS = 16;
/** Knocks begin when the flood has gone on for a while, and have time before it ends. */
const BEFORE_SECONDS = 2;
const KNOCKS = 40;
const KNOCKS_A_SECOND = 4;

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

interface Scenario {
  readonly site: Site;
  readonly packets: string;
  readonly rubbish: () => readonly Buffer[];
  /** 0: as many as it can. */
  readonly aSecond: number;
  /** By what carriers is knocked meanwhile. */
  readonly ways: readonly Way[];
}

export async function measureFloods(
  postern: PosternSite,
  peers: readonly Site[],
): Promise<readonly FloodResult[]> {
  const results: FloodResult[] = [];
  for (const scenario of scenariosOf(postern, peers)) results.push(await measure(scenario));
  print(results);
  return results;
}

function scenariosOf(postern: PosternSite, peers: readonly Site[]): Scenario[] {
  const ways = [signedWay(postern, CARRIER), signedWay(postern, "ping")];
  const ours = (kind: Rubbish, rates: readonly number[]): Scenario[] =>
    rates.map((aSecond) => ({
      ...{ site: postern, packets: kind, aSecond, ways },
      rubbish: () => rubbishFor(postern, kind),
    }));
  const theirs = peers.flatMap((site) =>
    [1000, 10_000, 100_000].map((aSecond) => ({
      ...{ site, packets: "random", aSecond, ways: [fwknopWay(site)] },
      rubbish: () => rubbishForFwknopd(site),
    })),
  );
  return [
    ...ours("random", [100_000, 0]),
    ...ours("true tag", [1000, 10_000, 0]),
    ...ours("forged", [1000, 10_000]),
    ...theirs,
  ];
}

async function measure({ site, packets, rubbish, aSecond, ways }: Scenario): Promise<FloodResult> {
  const knocks = await Promise.all(ways.map(prepare));
  const flooder = makeFlooder(site);
  const frames = rubbish();
  const begun = performance.now();
  const before = { used: timeUsedBy(site.daemon.pid), arrived: arrivedAt(site) };
  const flood = flooder(frames, { aSecond, seconds: SECONDS });
  await pause(BEFORE_SECONDS * 1000);
  const inTurn = knocks[0]?.frames.flatMap((_, n) =>
    knocks.flatMap(({ frames }) => frames[n] ?? []),
  );
  const pace = { aSecond: KNOCKS_A_SECOND * ways.length, seconds: SECONDS, times: 1 };
  await flooder(inTurn ?? [], pace).ended;
  await pause(SECONDS * 1000 - (performance.now() - begun));
  const seconds = (performance.now() - begun) / 1000;
  const used = usedSince(before.used, timeUsedBy(site.daemon.pid)).withChildren;
  const arrived = arrivedAt(site) - before.arrived;
  const letIn = await site.letIn();
  await flood.ended;
  await recover(site);
  return {
    ...{ gate: site.name, packets, wantedASecond: aSecond === 0 ? "most" : aSecond },
    aSecond: rounded(arrived / seconds),
    knocksOfEach: KNOCKS,
    opened: Object.fromEntries(
      knocks.map(({ way, sources }) => [
        way.name,
        sources.filter((source) => letIn.has(source)).length,
      ]),
    ),
    processor: rounded(used / seconds),
  };
}

async function prepare(way: Way) {
  const sources = newSources(KNOCKS);
  const frames = (await way.knocks(sources)).flat();
  return { way, frames, sources: sources.map(printAddress) };
}

/** Until what has come in is gone through. */
async function recover(site: Site): Promise<void> {
  const used = () => timeUsedBy(site.daemon.pid).withChildren;
  for (let before = -1, tries = 0; used() - before > 0.1 && tries < 60; tries += 1) {
    before = used();
    await pause(1000);
  }
  await site.shut();
}

function print(results: readonly FloodResult[]): void {
  const rows = results.map(({ gate, packets, aSecond, knocksOfEach, opened, ...result }) => {
    const [same = "", other = ""] = Object.values(opened).map((n) => `${n}/${knocksOfEach}`);
    return {
      "in a flood": `${gate}: ${packets}`,
      wanted: result.wantedASecond,
      "a second": aSecond,
      opened: same,
      "by another carrier": other,
      processor: result.processor,
    };
  });
  printTable(`5. ${SECONDS} s of packets that are no knocks, and knocks among them`, rows);
}
