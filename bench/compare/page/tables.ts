/** What was measured, in tables. */
import type { FloodResult } from "../../lab/flood.ts";
import type { PacketCost } from "../packets.ts";
import type { Results } from "../results.ts";
import { COUNTER } from "./known.ts";
import { share, spread, table } from "./markdown.ts";

export function packetsTables(results: Results): string[] {
  const { costs, daemons } = results.packets.figures;
  const kinds = [...new Set(costs.map(({ kind }) => kind))];
  const parts = [
    kinds.filter((kind) => !/door/.test(kind)),
    kinds.filter((kind) => /door/.test(kind)),
  ];
  const [ordinary = [], toTheDoor = []] = parts.map((part) => packetTable(costs, part));
  return [
    "Nanoseconds added to the way in of a packet, and how many times those that a counter adds:",
    ...ordinary,
    `Packets to the door itself: of a session that stands, and SYNs of sources that have not knocked (less than
0 where they are dropped before they come to the service, which would have to answer):`,
    ...toTheDoor,
    "Nanoseconds of another processor that a daemon takes for each of all these packets:",
    table(
      ["daemon", "ns a packet"],
      daemons.map(({ gate, nanoseconds }) => [gate, `${nanoseconds}`]),
    ),
  ];
}

function packetTable(costs: readonly PacketCost[], kinds: readonly string[]): string[] {
  const gates = [...new Set(costs.map(({ gate }) => gate))].filter((gate) => gate !== "no rules");
  const cell = (gate: string, kind: string) => {
    const of = (name: string) => costs.find((cost) => cost.gate === name && cost.kind === kind);
    const added = of(gate)?.addedNanoseconds;
    const counter = of(COUNTER)?.addedNanoseconds.median;
    if (added === undefined || counter === undefined) return "";
    const times =
      added.median > 0 && !/again/.test(gate) ? `, ${share(added.median / counter)}×` : "";
    return `${added.median} (${added.lowQuartile} to ${added.highQuartile})${times}`;
  };
  return [
    table(
      ["gate", ...kinds],
      gates.map((gate) => [gate, ...kinds.map((kind) => cell(gate, kind))]),
    ),
  ];
}

export function stateTables({ state: { figures } }: Results): string[] {
  const [first] = figures;
  const kinds = [...new Set(first?.costs.map(({ kind }) => kind))];
  const gates = [...new Set(first?.costs.map(({ gate }) => gate))].filter(
    (gate) => gate !== "no rules",
  );
  return kinds.flatMap((kind) => {
    const header = figures.map(({ sourcesPartWay }) => `${sourcesPartWay} sources`);
    const cells = (gate: string) =>
      figures.map(({ costs }) => {
        const found = costs.find((cost) => cost.gate === gate && cost.kind === kind);
        return found === undefined ? "" : `${found.addedNanoseconds.median}`;
      });
    return [
      `${kind}:`,
      table(
        ["gate", ...header],
        gates.map((gate) => [gate, ...cells(gate)]),
      ),
    ];
  });
}

export function bulkTable({ bulk: { figures } }: Results): string {
  return table(
    ["gate", "Gbit/s", "of no rules", "processor s a GB", "of no rules"],
    figures.map((one) => [
      one.gate,
      `${one.gigabitsASecond.median}`,
      spread(one.ratio),
      `${one.processorSecondsAGigabyte.median}`,
      spread(one.processorRatio),
    ]),
  );
}

export function delayTable({ delay: { figures } }: Results): string {
  return table(
    ["way", "opened", "median, ms", "99th percentile, ms", "most, ms"],
    figures.map(({ way, opened, attempts, milliseconds: ms }) => [
      way,
      `${opened} of ${attempts}`,
      `${ms.median} (${ms.lowQuartile} to ${ms.highQuartile})`,
      `${ms.p99}`,
      `${ms.most}`,
    ]),
  );
}

export function floodsTable({ floods: { figures } }: Results): string {
  const rates = [...new Set(figures.map(({ wantedASecond }) => wantedASecond))];
  const ways = [...new Set(figures.flatMap(({ opened }) => Object.keys(opened)))];
  const cell = (way: string, rate: FloodResult["wantedASecond"]) => {
    const found = figures.find((one) => one.wantedASecond === rate && way in one.opened);
    if (found === undefined) return "";
    const busy =
      found.processor > 0 ? `, ${Math.round(found.processor * 100)} % of a processor` : "";
    return `${found.opened[way]} of ${found.knocksOfEach}${busy}`;
  };
  return table(
    ["opened, at", ...rates.map((rate) => `${rate} a second`)],
    ways.map((way) => [way, ...rates.map((rate) => cell(way, rate))]),
  );
}

export function reloadsTable({ reloads: { figures } }: Results): string {
  return table(
    ["gate", "times", "ms each", "SYNs sent", "got through"],
    figures.map(({ gate, reloads, milliseconds, sent, gotThrough }) => [
      gate,
      `${reloads}`,
      `${milliseconds.median}`,
      `${sent}`,
      `${gotThrough}`,
    ]),
  );
}

export function memoryTable({ memory: { figures } }: Results): string {
  return table(
    ["gate", "kernel", "daemon", "kernel, full", "daemon, full"],
    figures
      .filter(({ gate }) => gate !== "no rules")
      .map((one) => [
        one.gate,
        `${one.kernelMebibytes.median}`,
        one.daemonMebibytes === 0 ? "" : `${one.daemonMebibytes}`,
        `${one.kernelMebibytesFull.median}`,
        one.daemonMebibytesFull === 0 ? "" : `${one.daemonMebibytesFull}`,
      ]),
  );
}

export function idleTable({ idle: { figures } }: Results): string {
  const [first] = figures;
  const measured = `Processor seconds a day while nobody knocks, from ${first?.measuredSeconds} seconds:`;
  const rows = figures.map(({ gate, processorSecondsADay }) => [gate, `${processorSecondsADay}`]);
  return `${measured}\n\n${table(["daemon", "processor s a day"], [["postern", "nothing runs"], ...rows])}`;
}
