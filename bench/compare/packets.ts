/** What each gate adds to the way of a packet, and with many sources part way through a knock. */
import { setTimeout as pause } from "node:timers/promises";
import { printTable, type Spread, spreadOf } from "../lab/figures.ts";
import { timeUsedBy, usedSince } from "../lab/processes.ts";
import { KINDS, type Kind, type KindName, openTarget, type Target } from "./injection.ts";
import type { System } from "./system.ts";
import type { Name } from "./systems.ts";

export interface PacketCost {
  readonly gate: string;
  readonly kind: string;
  readonly nanoseconds: Spread;
  /** Compared with the host without rules in the same round. */
  readonly ratio: Spread;
  readonly addedNanoseconds: Spread;
}

export interface DaemonCost {
  readonly gate: string;
  /** Of its own processor, for each packet that came in. */
  readonly nanoseconds: number;
}

export interface PacketCosts {
  readonly rounds: number;
  readonly packetsARound: number;
  readonly costs: readonly PacketCost[];
  readonly daemons: readonly DaemonCost[];
}

const PACKETS_A_ROUND = 10_000;

export async function openTargets(systems: readonly System[]): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for (const system of systems) targets.push(await openTarget(system));
  return targets;
}

export async function measurePackets(
  targets: readonly Target[],
  rounds: number,
): Promise<PacketCosts> {
  const before = targets.map(({ system }) => daemonTime(system));
  const costs = await measureKinds(targets, KINDS, rounds);
  const packets = rounds * PACKETS_A_ROUND * KINDS.length;
  const daemons = targets.flatMap(({ system }, n) => {
    if (system.daemon === undefined) return [];
    const used = usedSince(before[n] ?? NOTHING, daemonTime(system)).withChildren;
    return [{ gate: system.name, nanoseconds: Math.round((used * 1e9) / packets) }];
  });
  for (const { name } of KINDS) print(`Receiving: ${name}`, ofKind(costs, name));
  return { rounds, packetsARound: PACKETS_A_ROUND, costs, daemons };
}

/** Those whose cost could depend on who is part way. */
const WITH_STATE = new Set<KindName>(["established TCP", "SYN to another port", "SYN to the door"]);

export interface StateCost {
  readonly sourcesPartWay: number;
  readonly costs: readonly PacketCost[];
}

export async function measureState(
  targets: readonly Target[],
  rounds: number,
  counts: readonly number[],
): Promise<readonly StateCost[]> {
  const kinds = KINDS.filter(({ name }) => WITH_STATE.has(name));
  const results: StateCost[] = [];
  for (const sourcesPartWay of counts) {
    for (const target of targets) {
      if (sourcesPartWay > 0 && target.system.beginnings !== undefined) {
        await target.beginFrom(sourcesPartWay);
        await untilAtRest(target.system);
      }
    }
    const costs = await measureKinds(targets, kinds, rounds);
    results.push({ sourcesPartWay, costs });
    for (const { name } of kinds) {
      print(`${name}, ${sourcesPartWay} sources part way`, ofKind(costs, name));
    }
  }
  return results;
}

async function measureKinds(
  targets: readonly Target[],
  kinds: readonly Kind[],
  rounds: number,
): Promise<readonly PacketCost[]> {
  const costs: PacketCost[] = [];
  for (const kind of kinds) {
    const measured = new Map<Target, number[]>(targets.map((target) => [target, []]));
    // The first round warms everything up.
    for (let round = -1; round < rounds; round += 1) {
      for (const target of shuffled(targets)) {
        const nanoseconds = await target.receive(kind, PACKETS_A_ROUND);
        if (round >= 0) measured.get(target)?.push(nanoseconds);
      }
    }
    const [base = []] = measured.values();
    for (const [{ system }, values] of measured) {
      costs.push({
        ...{ gate: system.name, kind: kind.name, nanoseconds: spreadOf(values) },
        ratio: spreadOf(values.map((value, n) => value / (base[n] ?? Number.NaN))),
        addedNanoseconds: spreadOf(values.map((value, n) => value - (base[n] ?? Number.NaN))),
      });
    }
  }
  return costs;
}

/** No gate always comes right after the same other one. */
function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

const NOTHING = { own: 0, withChildren: 0 } as const;

function daemonTime({ daemon }: System) {
  return daemon === undefined ? NOTHING : timeUsedBy(daemon.pid);
}

/** A daemon may go on with what has come in. */
async function untilAtRest(system: System): Promise<void> {
  for (let before = -1, tries = 0; tries < 30; tries += 1) {
    const { own } = daemonTime(system);
    if (own - before < 0.05) return;
    before = own;
    await pause(500);
  }
}

function ofKind(costs: readonly PacketCost[], kind: string): readonly PacketCost[] {
  return costs.filter((cost) => cost.kind === kind);
}

const COUNTER: Name = "a counter";

function print(title: string, costs: readonly PacketCost[]): void {
  const counter = costs.find(({ gate }) => gate === COUNTER)?.addedNanoseconds.median;
  const rows = costs.map(({ gate, nanoseconds, ratio, addedNanoseconds: added }) => ({
    gate,
    "ns a packet": nanoseconds.median,
    ratio: ratio.median.toFixed(3),
    quartiles: `${ratio.lowQuartile.toFixed(3)} to ${ratio.highQuartile.toFixed(3)}`,
    "added ns": added.median,
    "of a counter's": counter ? (added.median / counter).toFixed(2) : "",
  }));
  printTable(title, rows);
}
