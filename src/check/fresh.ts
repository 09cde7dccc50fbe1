/**
 * Steps that nobody has thought up: drawn at random from ports that nothing else on the host
 * has a use for. People choose ports in a row, and scanners count.
 */
import { isScannedByDefault } from "./known-ports.ts";
import { isMemorable } from "./memorable.ts";

/** A whole number from 0 to `below` - 1, all equally likely. */
export type Chance = (below: number) => number;

/** What else there is on a host. */
export interface Occupied {
  /** Where its own connections begin; what comes back to them is not a knock. */
  readonly ephemeral: Span | undefined;
  /** Ports on which something listens, and those of the door, whatever the protocol. */
  readonly taken: ReadonlySet<number>;
}

/** Ports from `first` to `last`, both included. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

export interface FreshStep {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

export interface FreshSequence {
  readonly steps: readonly FreshStep[];
  /** Holds every step, and wherever possible nothing that listens. */
  readonly watch: Span;
}

/** With two steps there are only those that go up and those that go down. */
export const FEWEST_STEPS = 3;

/** Below are the ports of services that come with a system. */
const LOWEST = 1024;
const HIGHEST = 65535;

/** The wider, the less likely a scan is to hit a step before it hits something else. */
const WIDTHS = [4096, 2048, 1024, 512, 256];

/**
 * So many steps (at least {@link FEWEST_STEPS}) to different ports, neither ascending nor
 * descending, some TCP and some UDP; every free port is as likely as every other. What `check`
 * says of them is another matter: draw until it is content. Undefined where so few ports are left
 that nothing can be drawn.
 */
export function drawSequence(
  count: number,
  occupied: Occupied,
  chance: Chance,
): FreshSequence | undefined {
  if (count < FEWEST_STEPS) throw new Error(`drawSequence: ${count} steps can only go up or down`);
  const fields = fieldsIn(occupied, count);
  if (fields.length === 0) return undefined;
  const field = drawField(fields, chance);
  const ports = untilNot(isMonotone, () => drawFrom(field.free, count, chance));
  const protocols = untilNot(isUniform, () => ports.map(() => chance(2)));
  return {
    steps: ports.map((port, n) => ({ protocol: protocols[n] === 0 ? "tcp" : "udp", port })),
    watch: field.watch,
  };
}

interface Field {
  readonly watch: Span;
  readonly free: readonly number[];
}

/** The widest that can be had with the fewest concessions. */
function fieldsIn({ ephemeral, taken }: Occupied, count: number): Field[] {
  const isEphemeral = (port: number) =>
    ephemeral !== undefined && ephemeral.first <= port && port <= ephemeral.last;
  const wishes = [
    (port: number) => !isEphemeral(port) && !taken.has(port),
    (port: number) => !isEphemeral(port),
    () => true,
  ];
  for (const isWanted of wishes) {
    const runs = runsOf(isWanted);
    for (const width of WIDTHS) {
      const fields = runs
        .flatMap((run) => cut(run, width))
        .map((watch) => ({ watch, free: portsIn(watch).filter((port) => isFresh(port, taken)) }))
        .filter(({ free }) => free.length >= count);
      if (fields.length > 0) return fields;
    }
  }
  return [];
}

/** Ports that scanners or people think of, looked at once for all draws and not where none is. */
let thoughtOf: ReadonlySet<number> | undefined;

function portsThoughtOf(): ReadonlySet<number> {
  thoughtOf ??= new Set(
    portsIn({ first: 1, last: HIGHEST }).filter(
      (port) => isScannedByDefault(port) || isMemorable(port),
    ),
  );
  return thoughtOf;
}

/** Neither in use, nor one that scanners or people think of. */
export function isFresh(port: number, taken: ReadonlySet<number>): boolean {
  return !taken.has(port) && !portsThoughtOf().has(port);
}

/** A larger field is more likely, so that every port is as likely as any other. */
function drawField(fields: readonly Field[], chance: Chance): Field {
  let rest = chance(fields.reduce((sum, { free }) => sum + free.length, 0));
  const drawn = fields.find(({ free }) => {
    rest -= free.length;
    return rest < 0;
  });
  if (drawn === undefined) throw new Error("drawField: the chance was out of range");
  return drawn;
}

/** The longest spans of ports that are all wanted. */
function runsOf(isWanted: (port: number) => boolean): Span[] {
  const runs: Span[] = [];
  let first = LOWEST;
  for (let port = LOWEST; port <= HIGHEST + 1; port += 1) {
    if (port <= HIGHEST && isWanted(port)) continue;
    if (first < port) runs.push({ first, last: port - 1 });
    first = port + 1;
  }
  return runs;
}

/** As many spans as fit, each at least so wide, that leave nothing over; none where none fits. */
function cut({ first, last }: Span, width: number): Span[] {
  const length = last - first + 1;
  const pieces = Math.floor(length / width);
  const startOf = (piece: number) => first + Math.floor((piece * length) / pieces);
  return Array.from({ length: pieces }, (_, piece) => ({
    first: startOf(piece),
    last: startOf(piece + 1) - 1,
  }));
}

function portsIn({ first, last }: Span): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

/** So many of the items, each at most once, in any order. */
function drawFrom(items: readonly number[], count: number, chance: Chance): number[] {
  const left = [...items];
  return Array.from({ length: count }, () => {
    const [drawn] = left.splice(chance(left.length), 1);
    if (drawn === undefined) throw new Error("drawFrom: the chance was out of range");
    return drawn;
  });
}

function untilNot<T>(isUnfit: (drawn: T) => boolean, draw: () => T): T {
  while (true) {
    const drawn = draw();
    if (!isUnfit(drawn)) return drawn;
  }
}

/** Also of every other order in which a scanner may count: it has two directions. */
function isMonotone(ports: readonly number[]): boolean {
  const signs = ports.slice(1).map((port, n) => Math.sign(port - (ports[n] ?? 0)));
  return isUniform(signs);
}

function isUniform(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}
