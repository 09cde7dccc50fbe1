/** From the last packet of a knock to the open port: the server's side alone. */
import { printTable, rounded, type Spread, spreadOf } from "./figures.ts";
import { PROBE_MICROSECONDS, type Prober, startProber } from "./senders.ts";
import { frameTo, newSources, PROTECTED_PORT, type Site, syn, type Way } from "./site.ts";

/** Knocks are made for so many rounds at a time: they are good for a minute. */
const ROUNDS_A_BLOCK = 20;
const BLOCKS = 6;

export interface Delay {
  readonly way: string;
  readonly attempts: number;
  readonly opened: number;
  readonly milliseconds: Spread;
}

export async function measureDelays(
  ways: readonly Way[],
  blocks = BLOCKS,
): Promise<readonly Delay[]> {
  const probers = await startProbers(ways);
  const milliseconds = new Map<Way, number[]>(ways.map((way) => [way, []]));
  for (let block = 0; block < blocks; block += 1) {
    for (const { way, knock, syn } of await prepare(ways)) {
      const took = await probers.get(way.site)?.attempt(knock, syn);
      if (took !== undefined) milliseconds.get(way)?.push(took / 1000);
    }
    for (const site of probers.keys()) await site.shut();
  }
  const delays = ways.map((way) =>
    delayOf(way, blocks * ROUNDS_A_BLOCK, milliseconds.get(way) ?? []),
  );
  print(delays);
  return delays;
}

async function startProbers(ways: readonly Way[]): Promise<ReadonlyMap<Site, Prober>> {
  const probers = new Map<Site, Prober>();
  for (const { site } of ways) {
    if (!probers.has(site)) probers.set(site, await startProber(site));
  }
  return probers;
}

interface Attempt {
  readonly way: Way;
  readonly knock: readonly Buffer[];
  readonly syn: Buffer;
}

/** In rounds: of each way one after the other. */
async function prepare(ways: readonly Way[]): Promise<readonly Attempt[]> {
  const rounds = Array.from({ length: ROUNDS_A_BLOCK }, (): Attempt[] => []);
  for (const way of ways) {
    const sources = newSources(ROUNDS_A_BLOCK);
    const knocks = await way.knocks(sources);
    for (const [n, source] of sources.entries()) {
      const attempt = frameTo(way.site.network, source, syn(PROTECTED_PORT));
      rounds[n]?.push({ way, knock: knocks[n] ?? [], syn: attempt });
    }
  }
  return rounds.flat();
}

function delayOf({ name }: Way, attempts: number, measured: readonly number[]): Delay {
  return { way: name, attempts, opened: measured.length, milliseconds: spreadOf(measured) };
}

function print(delays: readonly Delay[]): void {
  const [first] = delays;
  const rows = delays.map(({ way, attempts, opened, milliseconds }) => ({
    "last packet to open port, ms": way,
    opened: `${opened}/${attempts}`,
    median: milliseconds.median,
    quartiles: `${milliseconds.lowQuartile} to ${milliseconds.highQuartile}`,
    p99: milliseconds.p99,
    most: milliseconds.most,
    ratio: rounded(milliseconds.median / (first?.milliseconds.median ?? Number.NaN)),
  }));
  printTable(`1. The server's side (looked at every ${PROBE_MICROSECONDS} us)`, rows);
}
