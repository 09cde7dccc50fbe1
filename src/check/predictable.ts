/** Steps that somebody guesses who knows what people choose, without knowing the host. */
import type { Step } from "../policy/policy.ts";
import { isWellKnown } from "./known-ports.ts";
import { isMemorable } from "./memorable.ts";
import { publisherOf } from "./published.ts";

export interface Predictable {
  /** A sentence without its subject, as in "are those of knockd's manual". */
  readonly why: string;
  /** Whether so few tries find them that the door is as good as open. */
  readonly isObvious: boolean;
}

/** From so many steps on memorable ports alone are more than anybody tries. */
const MANY_STEPS = 5;

/** Why the steps are predictable; undefined: they are not. Their order and protocols do not count. */
export function predictabilityOf(steps: readonly Step[]): Predictable | undefined {
  const publisher = publisherOf(steps);
  if (publisher !== undefined) return { why: `are those of ${publisher}`, isObvious: true };
  const gap = commonGapOf(steps);
  if (gap !== undefined) return { why: wordGap(gap), isObvious: true };
  if (!steps.every(isThoughtUp)) return undefined;
  return { why: wordKinds(steps), isObvious: steps.length < MANY_STEPS };
}

function isThoughtUp(step: Step): boolean {
  if (step.kind === "ping") return isUsualPing(step.payloadBytes);
  return isWellKnown(step.port) || isMemorable(step.port);
}

/** What nmap, ping and Windows send by themselves, and numbers that are as easy to think of. */
function isUsualPing(payloadBytes: number): boolean {
  return [0, 32, 56, 64, 120].includes(payloadBytes) || isMemorable(payloadBytes);
}

function wordKinds(steps: readonly Step[]): string {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  if (ports.length === 0) return "are all usual lengths of pings";
  if (ports.every(isWellKnown)) return "are all well-known ports";
  if (ports.every(isMemorable)) return "are all numbers that people think of first";
  return "are all well-known ports or numbers that people think of first";
}

/**
 * The distance from each port to the next one upwards, where it is always the same; undefined:
 * it is not, or there are too few ports (any two are as far apart as themselves).
 */
function commonGapOf(steps: readonly Step[]): number | undefined {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  const sorted = [...new Set(ports)].sort((a, b) => a - b);
  if (sorted.length < 3 || ports.length < steps.length) return undefined;
  const gaps = new Set(sorted.slice(1).map((port, n) => port - (sorted[n] ?? 0)));
  const [gap] = gaps;
  return gaps.size === 1 ? gap : undefined;
}

function wordGap(gap: number): string {
  return gap === 1 ? "are ports in a row" : `are ports at equal distances of ${gap}`;
}
