/** Where a sequence could stand instead, so that this host never asks from its ports. */
import type { Door, Policy, Port, PortRange, Sequence, Step } from "../../policy/policy.ts";
import { printPortRange } from "../../policy/value/port.ts";
import { printStep } from "../../policy/value/step.ts";
import { type Ephemeral, holdsPort, type Ports, portsMeet } from "./ports.ts";
import type { Surroundings } from "./surroundings.ts";

/** Says in a line how to have the door's sequence out of the ports that this host asks from. */
export type Remedy = (door: Door, sequence: Sequence) => string;

/** Below are services of the system, which may come later. */
const LOWEST = 1024;
const HIGHEST = 65535;
/** A move by thousands leaves numbers that are easy to know again. */
const STRIDES = [1000, 100, 10, 1];
/** To judge a sequence takes a while. */
const MOST_JUDGED = 5;

/** `isSafe` judges a sequence for a door. No two doors are moved to the same place. */
export function moverOf(
  policy: Policy,
  { listeners, ephemeral }: Pick<Surroundings, "listeners" | "ephemeral">,
  isSafe: (door: Door, sequence: Sequence) => boolean,
): Remedy {
  const heard = (listeners ?? []).map(({ port }) => ({ first: port, last: port }));
  const moves: Ports[] = [];
  return (door, sequence) => {
    const others = policy.doors.filter((other) => other !== door).flatMap(portsOf);
    const taken = [...heard, ...moves, ...door.protects.map(({ ports }) => ports), ...others];
    // Steps that were drawn anew may lie elsewhere already.
    if (isFree(sequence, 0, ephemeral, taken)) return `write ${printed(sequence)}`;
    const moved = placesFor(sequence, ephemeral, taken)
      .slice(0, MOST_JUDGED)
      .find((place) => isSafe(door, place));
    if (moved === undefined) return reserve(sequence, ephemeral);
    moves.push(...hullOf(moved));
    return `move it: ${printed(moved)}, the same in other ports`;
  };
}

function printed(sequence: Sequence): string {
  const { steps, watch } = sequence;
  const range =
    watch === undefined || isSpan(sequence) ? "" : ` and \`watch: ${printPortRange(watch)}\``;
  return `\`steps: [${steps.map(printStep).join(", ")}]\`${range}`;
}

/** Whether nothing else has the ports to which a shift brings the sequence. */
function isFree(
  sequence: Sequence,
  shift: number,
  { range }: Ephemeral,
  taken: readonly Ports[],
): boolean {
  const [hull] = hullOf(sequence);
  if (hull === undefined || range === undefined) return false;
  const there = { first: hull.first + shift, last: hull.last + shift };
  if (there.first < LOWEST || there.last > HIGHEST || portsMeet(there, range)) return false;
  return !taken.some((ports) => portsMeet(ports, there));
}

/** The sequence moved as a whole, the shortest way first. */
function placesFor(sequence: Sequence, ephemeral: Ephemeral, taken: readonly Ports[]): Sequence[] {
  for (const stride of STRIDES) {
    const shifts = shiftsBy(stride).filter((shift) => isFree(sequence, shift, ephemeral, taken));
    if (shifts.length > 0) return shifts.map((shift) => shifted(sequence, shift));
  }
  return [];
}

function shiftsBy(stride: number): number[] {
  const count = Math.floor(HIGHEST / stride);
  return Array.from({ length: count }, (_, n) => (n + 1) * stride).flatMap((by) => [by, -by]);
}

function shifted({ steps, watch, ...same }: Sequence, by: number): Sequence {
  return {
    ...same,
    steps: steps.map((step) => shiftedStep(step, by)),
    watch: shiftedRange(watch, by),
  };
}

function shiftedStep(step: Step, by: number): Step {
  return step.kind === "ping" ? step : { ...step, port: shiftedPort(step.port, by) };
}

function shiftedRange(range: PortRange | undefined, by: number): PortRange | undefined {
  if (range === undefined) return undefined;
  return { first: shiftedPort(range.first, by), last: shiftedPort(range.last, by) };
}

/** Still a port: only moves within {@link LOWEST} and {@link HIGHEST} are made. */
function shiftedPort(port: Port, by: number): Port {
  return (port + by) as Port;
}

/** Where no other door's sequence can stand. */
function portsOf({ protects, sequence }: Door): Ports[] {
  return [
    ...protects.map(({ ports }) => ports),
    ...(sequence === undefined ? [] : hullOf(sequence)),
  ];
}

/** From the lowest to the highest port of the steps and the watch range, if there is any. */
function hullOf({ steps, watch }: Pick<Sequence, "steps" | "watch">): Ports[] {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  const ends = watch === undefined ? ports : [...ports, watch.first, watch.last];
  return ends.length === 0 ? [] : [{ first: Math.min(...ends), last: Math.max(...ends) }];
}

/** Whether the watch range follows from the steps, so that nobody has to write it. */
function isSpan({ steps, watch }: Sequence): boolean {
  const [hull] = hullOf({ steps, watch: undefined });
  return hull?.first === watch?.first && hull?.last === watch?.last;
}

function reserve({ steps, watch }: Sequence, { reserved }: Ephemeral): string {
  const outlying = steps.flatMap((step) =>
    step.kind === "port" && !(watch !== undefined && holdsPort(watch, step.port))
      ? [{ first: step.port, last: step.port }]
      : [],
  );
  const all = [...reserved, ...(watch === undefined ? [] : [watch]), ...outlying];
  const list = all.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join();
  return `let this host ask from other ports: sysctl -w net.ipv4.ip_local_reserved_ports=${list}, and the same in /etc/sysctl.d for the next boot`;
}
