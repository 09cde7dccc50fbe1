/** Sends packets by destination port to the chains that look closer, with few comparisons. */
import type { Chain, Rule } from "../program/program.ts";
import { chain, jump, rule } from "./rules.ts";

interface Ports {
  readonly first: number;
  readonly last: number;
}

export interface Arrival {
  readonly ports: Ports;
  readonly chain: string;
}

/**
 * Most comparisons in one chain. Every packet of the host meets those of the first chain, so
 * longer lists become a tree: 200 doors cost an ordinary packet 16 comparisons, not 400.
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
  if (sorted.length <= WIDTH) {
    return { rules: sorted.map((arrival) => arrive(arrival.ports, arrival.chain)), chains: [] };
  }
  const size = Math.ceil(sorted.length / WIDTH);
  const parts = Array.from({ length: Math.ceil(sorted.length / size) }, (_, index) =>
    sorted.slice(index * size, (index + 1) * size),
  );
  const branches = parts.map((part, index) => branch(`${name}_${index + 1}`, part));
  return {
    rules: branches.map(({ rule }) => rule),
    chains: branches.flatMap(({ chains }) => chains),
  };
}

function branch(name: string, part: readonly Arrival[]): { rule: Rule; chains: Chain[] } {
  const ports = hullOf(part);
  const { rules, chains } = dispatch(name, part);
  const here = chain(name, `Ports ${ports.first} to ${ports.last}.`, ...rules);
  return { rule: arrive(ports, name), chains: [here, ...chains] };
}

function arrive({ first, last }: Ports, to: string): Rule {
  return rule([{ kind: "to-port", first, last }], jump(to));
}

/** The smallest range that holds all of theirs. `part` is not empty. */
function hullOf(part: readonly Arrival[]): Ports {
  return {
    first: Math.min(...part.map(({ ports }) => ports.first)),
    last: Math.max(...part.map(({ ports }) => ports.last)),
  };
}
