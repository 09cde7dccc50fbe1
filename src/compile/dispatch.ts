/** Sends packets by destination port to the chains that look closer, with few comparisons. */
import type { Chain, Match, Rule } from "../program/program.ts";
import { chain, jump, rule } from "./rules.ts";

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

/**
 * Most comparisons in one chain. Every packet of the host meets those of the first chain, so
 * longer lists become a tree: 200 doors cost most ordinary packets two comparisons, not 400.
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
  if (sorted.length <= WIDTH) return { rules: sorted.map(leaf), chains: [] };
  const { rule, chains } = branch(name, sorted);
  return { rules: [rule], chains };
}

/** One comparison for all ports of the part, and the chain behind it. */
function branch(name: string, part: readonly Arrival[]): { rule: Rule; chains: Chain[] } {
  const ports = hullOf(part);
  const branches =
    part.length <= WIDTH ? [] : split(part).map((p, i) => branch(`${name}_${i + 1}`, p));
  const rules = branches.length === 0 ? part.map(leaf) : branches.map(({ rule }) => rule);
  const here = chain(name, `Ports ${ports.first} to ${ports.last}.`, ...rules);
  const [first, ...others] = new Set(part.map(({ protocol }) => protocol));
  return {
    rule: leaf({ ports, protocol: others.length === 0 ? first : undefined, chain: name }),
    chains: [here, ...branches.flatMap(({ chains }) => chains)],
  };
}

/** In order, into as many parts of one size as a chain holds. */
function split(part: readonly Arrival[]): Arrival[][] {
  const size = Math.ceil(part.length / WIDTH);
  return Array.from({ length: Math.ceil(part.length / size) }, (_, index) =>
    part.slice(index * size, (index + 1) * size),
  );
}

function leaf({ ports: { first, last }, protocol, chain }: Arrival): Rule {
  const only: Match[] = protocol === undefined ? [] : [{ kind: "protocol", is: protocol }];
  return rule([...only, { kind: "to-port", first, last }], jump(chain));
}

/** The smallest range that holds all of theirs. `part` is not empty. */
function hullOf(part: readonly Arrival[]): Ports {
  return {
    first: Math.min(...part.map(({ ports }) => ports.first)),
    last: Math.max(...part.map(({ ports }) => ports.last)),
  };
}
