/** What was aimed at, beside what was measured. */
import type { PacketCost } from "../packets.ts";
import type { Results } from "../results.ts";
import { COUNTER, isPeer, ORDINARY } from "./known.ts";
import { share, table } from "./markdown.ts";

export function aims(results: Results): string {
  const { packets, state, bulk, delay, floods, reloads } = results;
  const now = ordinaryOf(packets.figures.costs);
  const full = ordinaryOf(state.figures.at(-1)?.costs ?? []);
  const delayOf = (name: string) =>
    delay.figures.find(({ way }) => way === name)?.milliseconds.median ?? Number.NaN;
  const times = (way: string) => Math.round(delayOf(way) / delayOf("postern, tokens: steps"));
  return table(
    ["aim", "measured"],
    [
      [
        "an ordinary packet: at most 1.5 times what a counter adds",
        timesACounter(packets.figures.costs),
      ],
      ["the same: less added than by every peer", besideLeanest(now)],
      ["the same with 60,000 sources part way", besideLeanest(full)],
      ["a busy connection: more throughput than with every peer", fastest(bulk.figures)],
      [
        "from the last packet to the open port: ten times faster than knockd and fwknopd",
        `${times("knockd")} times; ${times("fwknopd, udp")} and ${times("fwknopd, pcap")} times`,
      ],
      [
        "among forged beginnings: every token opens",
        opened(floods.figures, "postern, tokens: token"),
      ],
      [
        "among forged beginnings: sequences, better than every peer",
        opened(floods.figures, "postern, tokens: steps"),
      ],
      ["nothing gets through a reload", gotThrough(reloads.figures)],
    ],
  );
}

/** Of each kind that is not for the door. */
function timesACounter(costs: readonly PacketCost[]): string {
  const kinds = [...new Set(costs.map(({ kind }) => kind))].filter((kind) => !/door/.test(kind));
  return kinds
    .map((kind) => {
      const of = costs.filter((cost) => cost.kind === kind);
      return `${kind} ${share(added(of, "postern") / added(of, COUNTER))}`;
    })
    .join("; ");
}

function ordinaryOf(costs: readonly PacketCost[]): readonly PacketCost[] {
  return costs.filter(({ kind }) => kind === ORDINARY);
}

function added(costs: readonly PacketCost[], name: string): number {
  return costs.find(({ gate }) => gate === name)?.addedNanoseconds.median ?? Number.NaN;
}

function besideLeanest(costs: readonly PacketCost[]): string {
  const [leanest = ""] = costs
    .map(({ gate }) => gate)
    .filter(isPeer)
    .toSorted((a, b) => added(costs, a) - added(costs, b));
  return `postern ${added(costs, "postern")} ns; the leanest peer, ${leanest}, ${added(costs, leanest)} ns`;
}

function fastest(bulk: Results["bulk"]["figures"]): string {
  return bulk
    .filter(({ gate }) => gate === "postern" || isPeer(gate))
    .toSorted((a, b) => b.ratio.median - a.ratio.median)
    .slice(0, 2)
    .map(({ gate, ratio }) => `${gate} ${share(ratio.median)} of no rules`)
    .join("; then ");
}

function opened(floods: Results["floods"]["figures"], way: string): string {
  return floods
    .filter((flood) => way in flood.opened)
    .map(
      ({ opened, knocksOfEach, wantedASecond }) =>
        `${opened[way]} of ${knocksOfEach} at ${wantedASecond}/s`,
    )
    .join(", ");
}

function gotThrough(reloads: Results["reloads"]["figures"]): string {
  return reloads
    .filter(({ gate }) => !isPeer(gate))
    .map(({ gate, gotThrough, sent }) => `${gate}: ${gotThrough} of ${sent}`)
    .join("; ");
}
