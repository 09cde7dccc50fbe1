/** How many signed knocks an agent judges on one processor, and how many it can let in. */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../test/kernel/until.ts";
import type { TestSigner } from "../../test/signed/signer.ts";
import { printTable, rounded } from "../lab/figures.ts";
import { timeUsedBy, type Used, usedSince } from "../lab/processes.ts";
import { makeFlooder } from "../lab/senders.ts";
import { newSources } from "../lab/site.ts";
import { CARRIERS, type Counts, knockFrame, type PosternSite } from "./postern.ts";

/**
 * Requests of an attack that OpenSPA's server goes through on one core, without the filter in front
 * of it: the median of the first column.
 */
const OPENSPA = {
  what: "OpenSPA, as published",
  aSecond: 960,
  source:
    "github.com/greenstatic/openspa, edc748c, docs/benchmarks/data_raw/test1/test1_no_adk.csv",
} as const;

/** As many as the kernel hands over by all carriers together. */
const JUDGED_A_SECOND = 1000 * CARRIERS.length;
const JUDGED_SECONDS = 12;
const DIFFERENT = 1000;
/** Fewer than all clients may make in a minute. */
const OPENINGS = 300;

export interface Capacity {
  readonly what: string;
  readonly aProcessorSecond: number;
  readonly aSecond: number;
  readonly ofOneProcessor: number;
}

export async function measureCapacity(
  site: PosternSite,
): Promise<readonly (Capacity | typeof OPENSPA)[]> {
  const capacities = [
    await judge(site, "judged, Ed25519", [site.signers[0] ?? site.rsaSigner]),
    await judge(site, "judged, RSA of 3072 bits", [site.rsaSigner]),
    await letIn(site),
  ];
  print(capacities);
  return [...capacities, OPENSPA];
}

/**
 * Each is opened and its signature verified; as they are more than one client may make, few of them
 * open anything.
 */
async function judge(
  site: PosternSite,
  what: string,
  signers: readonly TestSigner[],
): Promise<Capacity> {
  const frames = knocksOf(site, signers, DIFFERENT);
  const flood = makeFlooder(site)(frames, { aSecond: JUDGED_A_SECOND, seconds: JUDGED_SECONDS });
  await pause(2000);
  const first = await nextNote(site);
  await pause((JUDGED_SECONDS - 5) * 1000);
  const last = await nextNote(site);
  await flood.ended;
  await untilIdle(site);
  await site.shut();
  const judged = judgedOf(last.counts) - judgedOf(first.counts);
  const seconds = (last.counts.notedAt - first.counts.notedAt) / 1000;
  return capacityOf(what, judged, seconds, usedSince(first.used, last.used).own);
}

/** With all that is done to let somebody in. */
async function letIn(site: PosternSite): Promise<Capacity> {
  // Until each client may knock again.
  await pause(61_000);
  const frames = knocksOf(site, site.signers, OPENINGS);
  const openedSoFar = () => site.daemon.stdout().match(/ open door=/g)?.length ?? 0;
  const already = openedSoFar();
  const before = timeUsedBy(site.daemon.pid);
  const begun = performance.now();
  await makeFlooder(site)(frames, { aSecond: 0, seconds: 10, times: 1 }).ended;
  await until("all to be let in", () => openedSoFar() - already >= OPENINGS, 60);
  const seconds = (performance.now() - begun) / 1000;
  const used = usedSince(before, timeUsedBy(site.daemon.pid)).withChildren;
  await site.shut();
  return capacityOf("let in, Ed25519", OPENINGS, seconds, used);
}

function knocksOf(site: PosternSite, signers: readonly TestSigner[], count: number): Buffer[] {
  return newSources(count).flatMap((source, n) => {
    const signer = signers[n % signers.length];
    const carrier = CARRIERS[n % CARRIERS.length];
    if (signer === undefined || carrier === undefined) return [];
    return [knockFrame(site, signer, source, carrier)];
  });
}

/** It notes its counts once a second while they change. */
async function nextNote(site: PosternSite): Promise<{ counts: Counts; used: Used }> {
  const { notedAt } = site.counts();
  await until("the agent to note its counts", () => site.counts().notedAt !== notedAt);
  return { counts: site.counts(), used: timeUsedBy(site.daemon.pid) };
}

export async function untilIdle({ daemon }: PosternSite): Promise<void> {
  for (let used = -1; used !== timeUsedBy(daemon.pid).own; await pause(200)) {
    used = timeUsedBy(daemon.pid).own;
  }
}

export function judgedOf({ opened, refused }: Counts): number {
  return Object.values(refused).reduce((sum, each) => sum + each, opened);
}

function capacityOf(what: string, count: number, seconds: number, used: number): Capacity {
  return {
    what,
    aProcessorSecond: rounded(count / used),
    aSecond: rounded(count / seconds),
    ofOneProcessor: rounded(used / seconds),
  };
}

function print(capacities: readonly Capacity[]): void {
  const ours = capacities.map(({ what, aProcessorSecond, aSecond, ofOneProcessor }) => ({
    "signed knocks on one processor": what,
    "a processor second": aProcessorSecond,
    "a second": aSecond,
    processor: ofOneProcessor,
    "to OpenSPA": rounded(aSecond / OPENSPA.aSecond),
  }));
  const openspa = {
    "signed knocks on one processor": OPENSPA.what,
    "a second": OPENSPA.aSecond,
    "to OpenSPA": 1,
  };
  printTable("3. Knocks a second", [...ours, openspa]);
}
