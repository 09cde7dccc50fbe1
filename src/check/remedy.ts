/** Another sequence for a door, which no scan opens and nobody guesses. */
import type { Door, Policy, Port, PortRange, Sequence, Step } from "../policy/policy.ts";
import { printPortRange } from "../policy/value/port.ts";
import { printStep } from "../policy/value/step.ts";
import { type Chance, drawSequence, FEWEST_STEPS, isFresh } from "./fresh.ts";
import { groundOf } from "./ground.ts";
import { chancePerThousand, firstOpening, type Target, targetAt, targetOf } from "./judge.ts";
import { likeliestList } from "./listed.ts";
import { permutationsOf } from "./permutations.ts";
import { predictabilityOf } from "./predictable.ts";
import type { Scan } from "./scans.ts";

export interface Remedy {
  readonly steps: readonly Step[];
  readonly watch: PortRange | undefined;
  /** Whether nothing is left of the steps that there were. */
  readonly isDrawn: boolean;
  /** What to paste into the policy: a line `steps: [...]`, and where it changes `watch: A-B`. */
  readonly text: string;
}

/** From here on a chance in 1,000 packets is told. */
export const GUESSABLE = 1e-6;

/** Of so many steps all orders are tried, of more only so many. */
const FEW_STEPS = 4;
const MANY_ORDERS = 24;
const MOST_STEPS = 16;
/** With fewer, a watch range has to be very wide to keep out who guesses. */
const ENOUGH_STEPS = 3;
const MOST_EXTRA_STEPS = 2;
/** How many ports a watch range is widened by on either side. */
const WIDER = [500, 2000, 8000, 32_000];
/** Where steps go that have no ports to be near to: below the ports of a host's own connections. */
const SOMEWHERE = { first: 20_000, last: 29_999 };
const FIRST_FREE_PORT = 1024;
const LAST_PORT = 65_535;

/** What a remedy is tried with and made from. */
export interface Means {
  readonly scans: readonly Scan[];
  readonly chance: Chance;
}

/**
 * The first that passes the whole check: the steps in another order, then with a wider watch
 * range, then with more steps, then others. Steps that people or scanners would try are given up
 * at once, for in another order they are tried as well. Undefined when nothing of that helps.
 */
export function remedyFor(
  policy: Policy,
  door: Door,
  sequence: Sequence,
  means: Means,
): Remedy | undefined {
  const target = targetAt(policy, door, sequence);
  if (isThoughtOf(target, sequence)) return drawnRemedy(policy, door, sequence, means);
  for (const proposal of proposals(policy, sequence, means.chance)) {
    const steps = orderThatPasses(policy, door, { ...sequence, ...proposal }, means);
    if (steps !== undefined) return remedyOf(steps, proposal.watch, sequence);
  }
  return drawnRemedy(policy, door, sequence, means);
}

/** Whether somebody comes upon the sequence without trying ports at random. */
function isThoughtOf(target: Target, sequence: Sequence): boolean {
  const list = likeliestList(target, sequence);
  return predictabilityOf(sequence.steps) !== undefined || (list?.chance ?? 0) >= GUESSABLE;
}

type Proposal = Pick<Sequence, "steps" | "watch">;

/** The least change first. */
function* proposals(policy: Policy, sequence: Sequence, chance: Chance): Generator<Proposal> {
  const { steps, watch } = sequence;
  yield { steps, watch };
  const ranges = widerRanges(sequence);
  if (watch !== undefined) for (const range of ranges) yield { steps, watch: range };
  const least = Math.max(1, ENOUGH_STEPS - steps.length);
  const most = Math.min(least + MOST_EXTRA_STEPS, MOST_STEPS - steps.length);
  for (let extra = least; extra <= most; extra += 1) {
    for (const range of ranges) {
      const more = extraSteps(policy, { steps, watch: range }, extra, chance);
      yield { steps: [...steps, ...more], watch: range };
    }
  }
}

/** An order of the steps in which nothing opens the door. */
function orderThatPasses(
  policy: Policy,
  door: Door,
  sequence: Sequence,
  { scans }: Means,
): readonly Step[] | undefined {
  const ground = groundOf(sequence);
  for (const steps of ordersOf(sequence.steps)) {
    const ordered = { ...sequence, steps };
    const target = targetOf(policy, { ...door, sequence: ordered }, ground);
    if (firstOpening(target, scans) !== undefined || isThoughtOf(target, ordered)) continue;
    // Random packets do not care for the order.
    return chancePerThousand(target) < GUESSABLE ? steps : undefined;
  }
  return undefined;
}

/** Where Linux takes the ports of its own connections from, unless a setting says otherwise. */
const EPHEMERAL = { first: 32_768, last: 60_999 };
/** Hardly one draw in a thousand is weak. */
const MOST_DRAWS = 10;

/** Steps that have nothing to do with those that there were, but for their number. */
function drawnRemedy(
  policy: Policy,
  door: Door,
  before: Sequence,
  { scans, chance }: Means,
): Remedy | undefined {
  const count = Math.max(FEWEST_STEPS, before.steps.length);
  const occupied = { ephemeral: EPHEMERAL, taken: usedPorts(policy) };
  for (let draws = 0; draws < MOST_DRAWS; draws += 1) {
    const drawn = drawSequence(count, occupied, chance);
    if (drawn === undefined) return undefined;
    const steps = drawn.steps.map(({ protocol, port }) => ({
      ...{ kind: "port" as const, protocol },
      port: port as Port,
    }));
    const sequence = { ...before, steps, watch: rangeOf(drawn.watch.first, drawn.watch.last) };
    const target = targetAt(policy, { ...door, sequence }, sequence);
    const isOpened = firstOpening(target, scans) !== undefined;
    if (isOpened || isThoughtOf(target, sequence)) continue;
    if (chancePerThousand(target) >= GUESSABLE) continue;
    return { ...remedyOf(steps, sequence.watch, before), isDrawn: true };
  }
  return undefined;
}

/** Ports that the policy has a use for already, whatever the protocol. */
function usedPorts({ doors }: Policy): ReadonlySet<number> {
  const used = new Set<number>();
  for (const { protects, sequence } of doors) {
    for (const step of sequence?.steps ?? []) if (step.kind === "port") used.add(step.port);
    for (const { ports } of protects) {
      for (let port: number = ports.first; port <= ports.last; port += 1) used.add(port);
    }
  }
  return used;
}

/** Orders to try: of few steps all, of many some that have nothing of a row. */
function ordersOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  if (steps.length <= FEW_STEPS) return permutationsOf(steps);
  return Array.from({ length: MANY_ORDERS }, (_, turn) =>
    steps
      .map((step, index) => ({ step, at: fractionOf(`${turn} ${index} ${printStep(step)}`) }))
      .sort((a, b) => a.at - b.at)
      .map(({ step }) => step),
  );
}

function widerRanges({ steps, watch }: Sequence): PortRange[] {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  const all: number[] = [...ports, ...(watch === undefined ? [] : [watch.first, watch.last])];
  const { first, last } =
    all.length === 0 ? SOMEWHERE : { first: Math.min(...all), last: Math.max(...all) };
  return WIDER.map((by) =>
    rangeOf(Math.max(Math.min(first, FIRST_FREE_PORT), first - by), Math.min(LAST_PORT, last + by)),
  );
}

/** Bounds that were worked out from ports, and cut to what ports there are. */
function rangeOf(first: number, last: number): PortRange {
  return { first: first as Port, last: last as Port };
}

/** New steps inside the watch range, over the protocol of the first; fewer where there is no room. */
function extraSteps(
  policy: Policy,
  { steps, watch }: { readonly steps: readonly Step[]; readonly watch: PortRange },
  count: number,
  chance: Chance,
): Step[] {
  const used = usedPorts(policy);
  const free: number[] = [];
  for (let port: number = watch.first; port <= watch.last; port += 1) {
    if (isFresh(port, used)) free.push(port);
  }
  const protocol = steps.find((step) => step.kind === "port")?.protocol ?? "either";
  return Array.from({ length: Math.min(count, free.length) }, () => {
    const [port] = free.splice(chance(free.length), 1);
    return { kind: "port", protocol, port: port as Port };
  });
}

/** A number from 0 to 1 that follows from the text and looks like chance (FNV-1a, then mixed). */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

function remedyOf(steps: readonly Step[], watch: PortRange | undefined, before: Sequence): Remedy {
  const changes =
    watch !== undefined &&
    (watch.first !== before.watch?.first || watch.last !== before.watch.last);
  const lines = [
    `steps: [${steps.map(printStep).join(", ")}]`,
    ...(changes ? [`watch: ${printPortRange(watch)}`] : []),
  ];
  return { steps, watch, isDrawn: false, text: lines.join("\n") };
}
