/** The chance that packets to random ports open a door, exactly. */
import { type Attempt, OPEN, START } from "./attempt.ts";
import type { Ground } from "./ground.ts";

interface Move {
  readonly from: number;
  readonly to: number;
  readonly chance: number;
}

/**
 * The probability, 0 to 1, that a door opens while so many packets come, each to a port of its
 * watch range, over TCP or UDP, all equally likely. Steps that lie elsewhere and pings never
 * come, so where a sequence has one it is 0.
 *
 * What has opened is added up as it comes: 1 minus what has not would lose small chances.
 */
export function chanceOf(attempt: Attempt, { watched }: Ground, packets: number): number {
  const moves = movesOf(attempt, watched);
  let places = new Map([[START, 1]]);
  let opened = 0;
  for (let n = 0; n < packets; n += 1) {
    const next = new Map<number, number>();
    for (const { from, to, chance } of moves) {
      const flow = (places.get(from) ?? 0) * chance;
      if (to === OPEN) opened += flow;
      else next.set(to, (next.get(to) ?? 0) + flow);
    }
    places = next;
  }
  return opened;
}

/** From every place that random packets lead to, where the next one leads and how likely. */
function movesOf({ after }: Attempt, watched: Ground["watched"]): Move[] {
  const all = watched.reduce((sum, { count }) => sum + count, 0);
  const moves: Move[] = [];
  const reached = [START];
  // The list grows while it is gone through.
  for (const from of reached) {
    const counts = new Map<number, number>();
    for (const { packet, count } of watched) {
      const to = after(from, packet);
      counts.set(to, (counts.get(to) ?? 0) + count);
      if (to !== OPEN && !reached.includes(to)) reached.push(to);
    }
    for (const [to, count] of counts) moves.push({ from, to, chance: count / all });
  }
  return moves;
}
