/**
 * What the ports of a scan are to a door. Most are nothing to it, and strays (watched ports that
 * are no steps) in a row act as one, since the first takes a source back to the beginning and the
 * others find it there. So a scan of 65,535 ports is a handful of packets to a door.
 */
import type { PortRange, Sequence } from "../policy/policy.ts";
import { ALL_PORTS, type Order, type Ports, type Protocol } from "./orders.ts";
import type { Knock, PingSweep, PortScan, Way } from "./scans.ts";

/** Packets go by their numbers in `knocks`. */
export interface Ground {
  /** One for each kind of packet that the door may tell from another. */
  readonly knocks: readonly Knock[];
  /** What a scan of ports is to the door, without its greeting and repetitions. */
  readonly packetsOf: (scan: PortScan, range: Ports) => readonly number[];
  /** The number of the packet to a port; undefined where it is nothing to the door. */
  readonly packetTo: (protocol: Protocol, port: number) => number | undefined;
  /** Whether a number stands for watched ports that are no steps. */
  readonly isStray: (packet: number) => boolean;
  readonly sweepOf: (sweep: PingSweep) => readonly number[];
  /** The number of an echo request; undefined where no step is as long. */
  readonly pingOf: (payloadBytes: number | undefined) => number | undefined;
  /** How many packets of each number there are over TCP and UDP to the ports of the watch range. */
  readonly watched: readonly { readonly packet: number; readonly count: number }[];
}

/** Classes of ports: nothing to the door, watched, and then one for each port of a step. */
const NOTHING = 0;
const STRAY = 1;
const FIRST_STEP = 2;

export function groundOf({ steps, watch }: Sequence): Ground {
  const stepPorts = unique(steps.flatMap((step) => (step.kind === "port" ? [step.port] : [])));
  const pings = unique(steps.flatMap((step) => (step.kind === "ping" ? [step.payloadBytes] : [])));
  // Where every watched port is a step, nothing is a stray and nobody sends to port 0.
  const ports = [strayIn(watch, stepPorts) ?? 0, ...stepPorts];
  const knocks: Knock[] = [
    ...ports.flatMap((port) => [
      { protocol: "tcp" as const, port },
      { protocol: "udp" as const, port },
    ]),
    ...pings.map((payloadBytes) => ({ protocol: "ping" as const, payloadBytes })),
  ];
  const lengths = pings.map((length, index) => ({ length, packet: 2 * ports.length + index }));
  const upwards = lengths.toSorted((a, b) => a.length - b.length).map(({ packet }) => packet);
  const classes = classesOf(watch, stepPorts);
  return {
    knocks,
    packetsOf: scansSeen(classes),
    packetTo: (protocol, port) => {
      const portClass = classes[port] ?? NOTHING;
      return portClass === NOTHING ? undefined : numberOf(portClass, protocol);
    },
    isStray,
    sweepOf: ({ direction }) => (direction === "upwards" ? upwards : upwards.toReversed()),
    pingOf: (payloadBytes) => lengths.find(({ length }) => length === payloadBytes)?.packet,
    watched: watch === undefined ? [] : countWatched(watch, stepPorts),
  };
}

/** A watched port that is no step, to stand for all of them. */
function strayIn(watch: PortRange | undefined, stepPorts: readonly number[]): number | undefined {
  if (watch === undefined) return undefined;
  let port: number = watch.first;
  while (stepPorts.includes(port)) port += 1;
  return port > watch.last ? undefined : port;
}

/** The class of every port from 0 to 65535. */
function classesOf(watch: PortRange | undefined, stepPorts: readonly number[]): Uint8Array {
  const classes = new Uint8Array(65_536).fill(NOTHING);
  if (watch !== undefined) classes.fill(STRAY, watch.first, watch.last + 1);
  for (const [index, port] of stepPorts.entries()) classes[port] = FIRST_STEP + index;
  return classes;
}

/** The number of the packet over a protocol to the ports of a class. */
function numberOf(portClass: number, protocol: Protocol): number {
  return 2 * (portClass - STRAY) + (protocol === "tcp" ? 0 : 1);
}

/** Finds the packets of scans, and remembers those over all ports. */
function scansSeen(classes: Uint8Array): Ground["packetsOf"] {
  const lists = new Map<Uint16Array, readonly number[]>();
  const seen = new Map<Order, Map<Way, readonly number[]>>();
  const classesIn = (ports: Uint16Array) => {
    const found = lists.get(ports) ?? withoutRuns(ports, classes);
    lists.set(ports, found);
    return found;
  };
  return ({ order, way }, range) => {
    if (range !== ALL_PORTS)
      return expand(way, (list) => withoutRuns(order.within(range, list), classes));
    const ofOrder = seen.get(order) ?? new Map<Way, readonly number[]>();
    const packets = ofOrder.get(way) ?? expand(way, (list) => classesIn(allPorts(order, list)));
    seen.set(order, ofOrder.set(way, packets));
    return packets;
  };
}

/** The classes of ports as they are scanned, without those that are nothing. */
function withoutRuns(ports: Uint16Array, classes: Uint8Array): number[] {
  const found: number[] = [];
  let last = NOTHING;
  for (const port of ports) {
    const now = classes[port] ?? NOTHING;
    if (now === NOTHING || (now === STRAY && last === STRAY)) continue;
    found.push(now);
    last = now;
  }
  return found;
}

/** The packets of a way to scan, with strays over both protocols in a row only once. */
function expand({ parts }: Way, classesOfList: (list: Protocol) => readonly number[]): number[] {
  const packets = parts.flatMap(({ list, over }) =>
    classesOfList(list).flatMap((portClass) =>
      over.map((protocol) => numberOf(portClass, protocol)),
    ),
  );
  return packets.filter((packet, index) => {
    const before = packets[index - 1];
    return !(isStray(packet) && before !== undefined && isStray(before));
  });
}

function isStray(packet: number): boolean {
  return packet < numberOf(FIRST_STEP, "tcp");
}

function countWatched(watch: PortRange, stepPorts: readonly number[]): Ground["watched"] {
  const isWatched = (port: number) => port >= watch.first && port <= watch.last;
  const inside = stepPorts.filter(isWatched).length;
  const counts = [
    { portClass: STRAY, count: watch.last - watch.first + 1 - inside },
    ...stepPorts.map((port, index) => ({
      portClass: FIRST_STEP + index,
      count: isWatched(port) ? 1 : 0,
    })),
  ];
  return counts
    .filter(({ count }) => count > 0)
    .flatMap(({ portClass, count }) => [
      { packet: numberOf(portClass, "tcp"), count },
      { packet: numberOf(portClass, "udp"), count },
    ]);
}

/** All ports in each order, made once for all doors. */
const made = new WeakMap<Order, Partial<Record<Protocol, Uint16Array>>>();

function allPorts(order: Order, list: Protocol): Uint16Array {
  const lists = made.get(order) ?? {};
  const ports = lists[list] ?? order.within(ALL_PORTS, list);
  made.set(order, order.differs ? { ...lists, [list]: ports } : { tcp: ports, udp: ports });
  return ports;
}

function unique(numbers: readonly number[]): number[] {
  return [...new Set(numbers)];
}
