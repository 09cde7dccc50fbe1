/** What scanners send: every order of ports, over either protocol or both, and sweeps of pings. */
import { ALL_PORTS, type Order, ordersOf, type Ports, type Protocol } from "./orders.ts";
import type { Known } from "./services.ts";

export type Scan = Repeats & (PortScan | PingSweep);

interface Repeats {
  /** Each packet is sent twice before the next. */
  readonly doubled: boolean;
  /** The whole scan so many times in a row, 1 to 3. */
  readonly times: number;
  readonly effort: number;
}

export interface PortScan {
  readonly kind: "ports";
  readonly order: Order;
  readonly way: Way;
  /** Payload bytes of the echo request that is sent before each time; undefined: none. */
  readonly ping: number | undefined;
}

export interface PingSweep {
  readonly kind: "pings";
  readonly direction: "upwards" | "downwards";
}

export interface Way {
  readonly words: string;
  readonly effort: number;
  /** One after the other: the list of ports of a protocol, each port over these. */
  readonly parts: readonly { readonly list: Protocol; readonly over: readonly Protocol[] }[];
}

const WAYS: readonly Way[] = [
  { words: "over TCP", effort: 0, parts: [{ list: "tcp", over: ["tcp"] }] },
  { words: "over UDP", effort: 1, parts: [{ list: "udp", over: ["udp"] }] },
  {
    words: "over TCP and UDP by turns",
    effort: 2,
    parts: [{ list: "tcp", over: ["tcp", "udp"] }],
  },
  {
    words: "over UDP and TCP by turns",
    effort: 2,
    parts: [{ list: "udp", over: ["udp", "tcp"] }],
  },
  {
    words: "over TCP and then over UDP",
    effort: 2,
    parts: [
      { list: "tcp", over: ["tcp"] },
      { list: "udp", over: ["udp"] },
    ],
  },
  {
    words: "over UDP and then over TCP",
    effort: 2,
    parts: [
      { list: "udp", over: ["udp"] },
      { list: "tcp", over: ["tcp"] },
    ],
  },
];

/** Echo requests by which programs ask whether a host is there: nmap's, ping's and Windows'. */
export const GREETINGS = [undefined, 0, 56, 32] as const;
const TIMES = [1, 2, 3] as const;
const REPETITIONS = TIMES.flatMap((times) =>
  [false, true].map((doubled) => ({ doubled, times, effort: 3 * (times - 1) + (doubled ? 3 : 0) })),
);
const LONGEST_PING = 1232;

/** Every scan that a policy is tried with, the simplest first. */
export function scansOf({ commonPorts }: Known): readonly Scan[] {
  const orders = ordersOf(commonPorts);
  const scans = REPETITIONS.flatMap((repeats) => [
    ...GREETINGS.flatMap((ping) =>
      WAYS.flatMap((way) => orders.map((order) => portScan(repeats, { order, way, ping }))),
    ),
    ...(["upwards", "downwards"] as const).map(
      (direction): Scan => ({ kind: "pings", direction, ...repeats }),
    ),
  ]);
  return scans.sort((a, b) => a.effort - b.effort);
}

function portScan(repeats: Repeats, { order, way, ping }: Omit<PortScan, "kind">): Scan {
  const effort = repeats.effort + order.effort + way.effort + (ping === undefined ? 0 : 1);
  return { kind: "ports", order, way, ping, ...repeats, effort };
}

/** A packet of a scan, as far as a door can tell it from another. */
export type Knock =
  | { readonly protocol: Protocol; readonly port: number }
  | { readonly protocol: "ping"; readonly payloadBytes: number };

/** The packets of a scan, every one of them in order; `range` bounds the ports. */
export function* knocksOf(scan: Scan, range: Ports = ALL_PORTS): Generator<Knock> {
  for (let time = 0; time < scan.times; time += 1) {
    if (scan.kind === "ports" && scan.ping !== undefined) {
      yield { protocol: "ping", payloadBytes: scan.ping };
    }
    for (const knock of scan.kind === "pings" ? sweep(scan) : portKnocks(scan, range)) {
      yield knock;
      if (scan.doubled) yield knock;
    }
  }
}

function* portKnocks({ order, way }: PortScan, range: Ports): Generator<Knock> {
  for (const { list, over } of way.parts) {
    for (const port of order.within(range, list)) {
      for (const protocol of over) yield { protocol, port };
    }
  }
}

function* sweep({ direction }: PingSweep): Generator<Knock> {
  for (let n = 0; n <= LONGEST_PING; n += 1) {
    yield { protocol: "ping", payloadBytes: direction === "upwards" ? n : LONGEST_PING - n };
  }
}

/** The scan in plain words, as in "a scan of all ports upwards over TCP, each packet twice". */
export function describeScan(scan: Scan): string {
  const { doubled, times } = scan;
  const repeats = [
    ...(doubled ? [", each packet twice"] : []),
    ...(times === 1 ? [] : [`, ${times === 2 ? "twice" : "three times"} in a row`]),
  ].join("");
  if (scan.kind === "pings") return `pings of all lengths ${scan.direction}${repeats}`;
  const greeting =
    scan.ping === undefined
      ? ""
      : `, ${times === 1 ? "" : "each time "}after a ping of ${scan.ping} bytes`;
  return `${scan.order.words} ${scan.way.words}${repeats}${greeting}`;
}
