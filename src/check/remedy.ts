/** Another sequence for a door, which no scan opens and nobody guesses. */

import type { Door, Policy, Port, PortRange, Sequence, Step } from "../policy/policy.ts";
import { printPortRange } from "../policy/value/port.ts";
import { printStep } from "../policy/value/step.ts";
import { groundOf } from "./ground.ts";
import { chancePerThousand, firstOpening, targetOf } from "./judge.ts";
import type { Scan } from "./scans.ts";

export interface Remedy {
  readonly steps: readonly Step[];
  readonly watch: PortRange | undefined;
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

/**
 * The first that passes the whole check: the steps in another order, then with a wider watch
 * range, then with more steps. Undefined when nothing of that helps.
 */
export function remedyFor(
  policy: Policy,
  door: Door,
  sequence: Sequence,
  scans: readonly Scan[],
): Remedy | undefined {
  for (const proposal of proposals(policy, door, sequence)) {
    const steps = orderThatPasses(policy, door, { ...sequence, ...proposal }, scans);
    if (steps !== undefined) return remedyOf(steps, proposal.watch, sequence);
  }
  return undefined;
}

type Proposal = Pick<Sequence, "steps" | "watch">;

/** The least change first. */
function* proposals(policy: Policy, door: Door, sequence: Sequence): Generator<Proposal> {
  const { steps, watch } = sequence;
  yield { steps, watch };
  const ranges = widerRanges(sequence);
  if (watch !== undefined) for (const range of ranges) yield { steps, watch: range };
  const least = Math.max(1, ENOUGH_STEPS - steps.length);
  const most = Math.min(least + MOST_EXTRA_STEPS, MOST_STEPS - steps.length);
  for (let extra = least; extra <= most; extra += 1) {
    for (const range of ranges) {
      yield { steps: [...steps, ...extraSteps(policy, door, steps, range, extra)], watch: range };
    }
  }
}

/** An order of the steps in which nothing opens the door. */
function orderThatPasses(
  policy: Policy,
  door: Door,
  sequence: Sequence,
  scans: readonly Scan[],
): readonly Step[] | undefined {
  const ground = groundOf(sequence);
  for (const steps of ordersOf(sequence.steps)) {
    const target = targetOf(policy, { ...door, sequence: { ...sequence, steps } }, ground);
    if (firstOpening(target, scans) !== undefined) continue;
    // Random packets do not care for the order.
    return chancePerThousand(target) < GUESSABLE ? steps : undefined;
  }
  return undefined;
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

/** The order that they have first. */
function permutationsOf<T>(things: readonly T[]): readonly (readonly T[])[] {
  if (things.length === 0) return [[]];
  return things.flatMap((first, index) =>
    permutationsOf(things.toSpliced(index, 1)).map((others) => [first, ...others]),
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

/** Steps that points at the golden ratio of a circle make never lie close to each other. */
const GOLDEN = 0.618_033_988_749_894_9;

/** New steps inside a range, always the same ones for the same door. */
function extraSteps(
  { doors }: Policy,
  door: Door,
  steps: readonly Step[],
  { first, last }: PortRange,
  count: number,
): Step[] {
  const others = doors.flatMap(({ sequence }) => sequence?.steps ?? []);
  const used = new Set(
    [...others, ...steps].flatMap((step) => (step.kind === "port" ? [step.port] : [])),
  );
  const isFree = (port: Port) =>
    !used.has(port) &&
    !doors.some(({ protects }) =>
      protects.some(({ ports }) => port >= ports.first && port <= ports.last),
    );
  const protocol = steps.find((step) => step.kind === "port")?.protocol ?? "either";
  const start = fractionOf(`${door.name} ${steps.map(printStep)}`);
  const found: Step[] = [];
  for (let turn = 1; found.length < count && turn <= last - first; turn += 1) {
    const place = (start + turn * GOLDEN) % 1;
    const port = Math.floor(first + place * (last - first + 1)) as Port;
    if (!isFree(port)) continue;
    used.add(port);
    found.push({ kind: "port", protocol, port });
  }
  return found;
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
  return { steps, watch, text: lines.join("\n") };
}
