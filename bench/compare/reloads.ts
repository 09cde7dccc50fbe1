/** Whether packets get through to the service while the same gate is put up again and again. */
import { printTable, rounded, type Spread, spreadOf } from "../lab/figures.ts";
import { makeFlooder } from "../lab/senders.ts";
import { frameTo, newSources, PROTECTED_PORT, syn } from "../lab/site.ts";
import type { System } from "./system.ts";

export interface Reloads {
  readonly gate: string;
  readonly reloads: number;
  readonly milliseconds: Spread;
  /** SYNs to the service of sources that had not knocked. */
  readonly sent: number;
  /** Of those, how many were answered by the service. */
  readonly gotThrough: number;
}

const SOURCES = 4096;
const SYNS_A_SECOND = 5000;
/** Longer than it takes: it is stopped. */
const AT_MOST_SECONDS = 600;

export async function measureReloads(
  systems: readonly System[],
  count: number,
): Promise<readonly Reloads[]> {
  const results: Reloads[] = [];
  for (const system of systems) {
    if (system.reload !== undefined) results.push(await measure(system, system.reload, count));
  }
  print(results);
  return results;
}

async function measure(
  system: System,
  reload: () => Promise<void>,
  count: number,
): Promise<Reloads> {
  const { client } = system.network;
  const answered = ["tcp", "sport", `${PROTECTED_PORT}`, "tcp", "flags", "&", "(syn|ack)"];
  const rule = [...answered, "==", "syn|ack", "counter"].join(" ");
  const chain = "type filter hook prerouting priority -300;";
  await client.run(["nft", `table ip answers { chain c { ${chain} ${rule}; }; }`]);
  const frames = newSources(SOURCES).map((source) =>
    frameTo(system.network, source, syn(PROTECTED_PORT)),
  );
  const flood = makeFlooder(system)(frames, { aSecond: SYNS_A_SECOND, seconds: AT_MOST_SECONDS });
  const milliseconds: number[] = [];
  const begun = performance.now();
  for (let n = 0; n < count; n += 1) {
    const before = performance.now();
    await reload();
    milliseconds.push(performance.now() - before);
  }
  const seconds = (performance.now() - begun) / 1000;
  await flood.stop();
  const { stdout } = await client.run(["nft", "list", "table", "ip", "answers"]);
  await client.run(["nft", "delete", "table", "ip", "answers"]);
  return {
    ...{ gate: system.name, reloads: count, milliseconds: spreadOf(milliseconds) },
    sent: rounded(seconds * SYNS_A_SECOND),
    gotThrough: Number(/packets (\d+)/.exec(stdout)?.[1]),
  };
}

function print(results: readonly Reloads[]): void {
  const rows = results.map(({ gate, reloads, milliseconds, sent, gotThrough }) => ({
    "put up again": gate,
    times: reloads,
    "ms each": milliseconds.median,
    "SYNs sent": sent,
    "got through": gotThrough,
  }));
  printTable("Reloads under a flood", rows);
}
