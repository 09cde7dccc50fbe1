/** Sends packets by destination port to the chains that look closer, with few comparisons. */
import type { Chain, Match, Rule } from "../program/program.ts";
import { chain, goto, jump, rule } from "./rules.ts";

interface Ports {
  readonly first: number;
  readonly last: number;
}

export interface Arrival {
  readonly ports: Ports;
  /** The one protocol whose packets arrive; undefined: TCP and UDP. */
  readonly protocol?: "tcp" | "udp" | undefined;
  readonly chain: string;
}

/** So few are compared one after the other: that costs a packet no more than a detour. */
const FEW = 3;
/** So many times as wide as usual. */
const WIDE = 4;

/**
 * Most comparisons in one chain. Every packet of the host meets those of the first chain, so
 * longer lists become trees: 200 doors cost most ordinary packets a few comparisons, not 400.
 */
const WIDTH = 8;

/**
 * Rules that jump to the chain of every arrival whose ports hold the packet's, and the chains
 * that they need. Plain comparisons only: a look-up in a map can miss while rules are being
 * replaced, and a miss here would let the packet through.
 */
export function dispatch(
  name: string,
  arrivals: readonly Arrival[],
): { rules: Rule[]; chains: Chain[] } {
  const sorted = arrivals.toSorted((a, b) => a.ports.first - b.ports.first);
  if (sorted.length <= FEW) return { rules: sorted.map((arrival) => to(arrival)), chains: [] };
  const groups = cutAtGaps(sorted);
  const names = groups.length === 1 ? [name] : groups.map((_, n) => `${name}_${n + 1}`);
  const branches = groups.map((group, n) => branch(names[n] ?? name, group));
  return {
    rules: branches.map(({ here }) => to(here)),
    chains: branches.flatMap(({ chains }) => chains),
  };
}

interface Branch {
  /** All ports of the part. */
  readonly here: Arrival;
  readonly chains: Chain[];
}

/** One comparison for all ports of the part, and the chain behind it. */
function branch(name: string, part: readonly Arrival[]): Branch {
  const [only, ...more] = part;
  if (only !== undefined && more.length === 0) return { here: only, chains: [] };
  const branches =
    part.length <= WIDTH ? [] : split(part).map((p, i) => branch(`${name}_${i + 1}`, p));
  const ways = branches.length === 0 ? part : branches.map(({ here }) => here);
  // Where a port is in one of them at most, nobody looks at the others after it.
  const how = areApart(ways) ? goto : jump;
  const ports = hullOf(part);
  const rules = ways.map((way) => to(way, how));
  const here = chain(name, `Ports ${ports.first} to ${ports.last}.`, ...rules);
  const [first, ...others] = new Set(part.map(({ protocol }) => protocol));
  return {
    here: { ports, protocol: others.length === 0 ? first : undefined, chain: name },
    chains: [here, ...branches.flatMap(({ chains }) => chains)],
  };
}

/**
 * Where no port is for long: who is in between meets no more than the first comparisons. At the few
 * widest gaps, and only at those beside which the usual one is small.
 */
function cutAtGaps(sorted: readonly Arrival[]): Arrival[][] {
  const gaps = sorted.slice(1).map(({ ports }, n) => {
    const end = Math.max(...sorted.slice(0, n + 1).map((before) => before.ports.last));
    return { before: n + 1, width: ports.first - end };
  });
  const widest = gaps.toSorted((a, b) => b.width - a.width);
  const usual = widest[Math.floor(widest.length / 2)]?.width ?? 0;
  const cuts = widest
    .slice(0, FEW)
    .filter(({ width }) => width > WIDE * Math.max(1, usual))
    .map(({ before }) => before)
    .toSorted((a, b) => a - b);
  return [0, ...cuts].map((from, n) => sorted.slice(from, cuts[n]));
}

/** In order, into as many parts of one size as a chain holds. */
function split(part: readonly Arrival[]): Arrival[][] {
  const size = Math.ceil(part.length / WIDTH);
  return Array.from({ length: Math.ceil(part.length / size) }, (_, index) =>
    part.slice(index * size, (index + 1) * size),
  );
}

function to({ ports: { first, last }, protocol, chain }: Arrival, how = jump): Rule {
  const only: Match[] = protocol === undefined ? [] : [{ kind: "protocol", is: protocol }];
  return rule([...only, { kind: "to-port", first, last }], how(chain));
}

/** In the order of their first ports. */
function areApart(sorted: readonly Arrival[]): boolean {
  return sorted.every(
    ({ ports }, n) => (sorted[n + 1]?.ports.first ?? Number.POSITIVE_INFINITY) > ports.last,
  );
}

/** The smallest range that holds all of theirs. `part` is not empty. */
function hullOf(part: readonly Arrival[]): Ports {
  return {
    first: Math.min(...part.map(({ ports }) => ports.first)),
    last: Math.max(...part.map(({ ports }) => ports.last)),
  };
}
