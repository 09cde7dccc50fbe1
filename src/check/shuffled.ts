/** The chance that a list of ports opens a door when it is scanned in random order, exactly. */
import { type Attempt, OPEN, send } from "./attempt.ts";
import { permutationsOf } from "./permutations.ts";

/** What a list of ports is to a door; packets go by their numbers in the ground. */
export interface Heap {
  /** A packet for each port of the list that is a step's, all different; at most {@link MOST}. */
  readonly steps: readonly number[];
  /** How many others of the list are watched. */
  readonly strays: number;
  /** The packet that stands for all of these. */
  readonly stray: number | undefined;
}

/** The probability of being at each place, 0 to 1; all of them together make 1. */
export type Places = ReadonlyMap<number, number>;

/** So many steps in one list, in one order of 9! = 362,880 at best: nobody counts on that. */
export const MOST = 8;

/**
 * Where a source is after the heap, in an order of which all are equally likely.
 *
 * Strays in a row act as one, so an order is to the door an order of the steps, and between them,
 * before and behind, a run of strays or none. Orders with as many runs are equally likely: m
 * strays are spread over g given runs in C(m - 1, g - 1) ways of C(m + k, k).
 */
export function afterHeap(attempt: Attempt, from: Places, heap: Heap): Places {
  const { steps, strays } = heap;
  if (steps.length > MOST) throw new Error(`afterHeap: ${steps.length} steps are too many`);
  const orders = factorial(steps.length) * choose(strays + steps.length, steps.length);
  const chances = Array.from({ length: steps.length + 2 }, (_, runs) =>
    strays === 0 ? Number(runs === 0) / orders : choose(strays - 1, runs - 1) / orders,
  );
  const reached = new Map<number, number>();
  for (const [place, chance] of from) {
    for (const { place: to, runs, ways } of endsOf(attempt, place, heap)) {
      const share = chance * ways * (chances[runs] ?? 0);
      if (share > 0) reached.set(to, (reached.get(to) ?? 0) + share);
    }
  }
  return reached;
}

interface Node {
  readonly place: number;
  /** Which steps were sent, a bit each. */
  readonly sent: number;
  /** How many runs of strays were. */
  readonly runs: number;
  readonly inRun: boolean;
  /** How many orders lead here. */
  readonly ways: number;
}

/** Every way through the heap, those that cannot be told from each other together. */
function endsOf(attempt: Attempt, from: number, { steps, strays, stray }: Heap): Node[] {
  let nodes = merged([{ place: from, sent: 0, runs: 0, inRun: false, ways: 1 }]);
  const withRuns = (all: readonly Node[]): Node[] => {
    const after = all
      .filter(({ inRun, runs }) => !inRun && runs < strays && stray !== undefined)
      .map((node) => ({
        ...node,
        place: send(attempt, node.place, stray ?? 0),
        runs: node.runs + 1,
        inRun: true,
      }));
    return merged([...all, ...after]);
  };
  nodes = withRuns(nodes);
  for (const _ of steps) {
    const next = nodes.flatMap((node) =>
      steps.flatMap((packet, index) => {
        const bit = 1 << index;
        if ((node.sent & bit) !== 0) return [];
        const place = send(attempt, node.place, packet);
        return [{ ...node, place, sent: node.sent | bit, inRun: false }];
      }),
    );
    nodes = withRuns(merged(next));
  }
  return nodes;
}

function merged(nodes: readonly Node[]): Node[] {
  const found = new Map<string, Node>();
  for (const node of nodes) {
    const key = `${node.place} ${node.sent} ${node.runs} ${node.inRun}`;
    found.set(key, { ...node, ways: node.ways + (found.get(key)?.ways ?? 0) });
  }
  return [...found.values()];
}

/**
 * The chance that packets open the door when they are sent in random order within each group, one
 * group after the other, and then all of them once more backwards.
 */
export function chanceThereAndBack(
  attempt: Attempt,
  from: number,
  groups: readonly (readonly number[])[],
): number {
  const orders = groups.reduce<readonly (readonly number[])[]>(
    (all, group) => all.flatMap((start) => permutationsOf(group).map((end) => [...start, ...end])),
    [[]],
  );
  const opening = orders.filter((order) => {
    const packets = [...order, ...order.toReversed()];
    return packets.reduce((place, packet) => send(attempt, place, packet), from) === OPEN;
  });
  return opening.length / orders.length;
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

/** How many ways there are to choose `k` of `n`; none where `k` is negative or greater than `n`. */
function choose(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  let ways = 1;
  for (let i = 1; i <= k; i += 1) ways = (ways * (n - k + i)) / i;
  return ways;
}
