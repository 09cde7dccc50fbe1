/** The orders in which scanners go through ports: one row each, so that a new one is a row. */
import type { CommonPorts } from "./services.ts";

/** From `first` to `last`, both included, 1 to 65535. */
export interface Ports {
  readonly first: number;
  readonly last: number;
}

export type Protocol = "tcp" | "udp";

export interface Order {
  /** What is scanned and how, as in "a scan of all ports upwards". */
  readonly words: string;
  /** How much trouble the scan is: of several that open a door the least is told. */
  readonly effort: number;
  /** Whether the ports over TCP are others than those over UDP. */
  readonly differs: boolean;
  /** The ports within a range in this order; some orders are over the same ports whatever the range. */
  readonly within: (range: Ports, protocol: Protocol) => Uint16Array;
  /** A shell command that prints the same, one a line. */
  readonly list: (range: Ports, protocol: Protocol) => string;
  /** The smallest range around this one in which the order is that of the whole. */
  readonly around: (range: Ports) => Ports;
  /** Which ports `nmap -r` has to be told to scan for this order, where it can. */
  readonly nmap?: (range: Ports) => string;
}

export const ALL_PORTS: Ports = { first: 1, last: 65535 };
/** Between the two halves, where a scan from both ends stops. */
const MIDDLE = 32768;
const STRIDES = [
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  ...[32, 64, 100, 128, 256, 512, 1000, 1024],
];
const LOW_PORTS: Ports = { first: 1, last: 1024 };

/** All of them; without nmap's file those that do not need it. */
export function ordersOf(commonPorts: CommonPorts | undefined): Order[] {
  return [
    UPWARDS,
    DOWNWARDS,
    alternating("odd", 1),
    alternating("even", 0),
    FROM_BOTH_ENDS,
    inTurn(UPWARDS, DOWNWARDS, "a scan of all ports upwards and then downwards"),
    inTurn(DOWNWARDS, UPWARDS, "a scan of all ports downwards and then upwards"),
    ...STRIDES.map(inStrides),
    only(UPWARDS, LOW_PORTS, "a scan of ports 1 to 1024 upwards"),
    only(DOWNWARDS, LOW_PORTS, "a scan of ports 1 to 1024 downwards"),
    ...(commonPorts === undefined ? [] : commonOrders(commonPorts)),
  ];
}

const same = (range: Ports): Ports => range;

/** A plain loop: `Uint16Array.from` takes ten times as long, and there are millions of ports. */
function listed(count: number, portAt: (index: number) => number): Uint16Array {
  const ports = new Uint16Array(count);
  for (let index = 0; index < count; index += 1) ports[index] = portAt(index);
  return ports;
}

const UPWARDS: Order = {
  words: "a scan of all ports upwards",
  effort: 0,
  differs: false,
  within: ({ first, last }) => listed(last - first + 1, (index) => first + index),
  list: ({ first, last }) => `seq ${first} ${last}`,
  around: same,
  nmap: ({ first, last }) => `-p ${first}-${last}`,
};

const DOWNWARDS: Order = {
  words: "a scan of all ports downwards",
  effort: 1,
  differs: false,
  within: ({ first, last }) => listed(last - first + 1, (index) => last - index),
  list: ({ first, last }) => `seq ${last} -1 ${first}`,
  around: same,
};

/** First the ports of one kind, then those of the other. */
function alternating(kind: "odd" | "even", remainder: 0 | 1): Order {
  const starts = ({ first }: Ports) =>
    first % 2 === remainder ? [first, first + 1] : [first + 1, first];
  const other = kind === "odd" ? "even" : "odd";
  return {
    words: `a scan of all ${kind} ports and then of all ${other} ones`,
    effort: 2,
    differs: false,
    within: (range) => strided(range, starts(range), 2),
    list: (range) => `for n in ${starts(range).join(" ")}; do seq $n 2 ${range.last}; done`,
    around: same,
  };
}

/** 1, 1 + n, 1 + 2n, ... and then 2, 2 + n, ... until all ports were tried. */
function inStrides(stride: number): Order {
  const starts = ({ first }: Ports) => Array.from({ length: stride }, (_, i) => first + i);
  return {
    words: `a scan of all ports in strides of ${stride}`,
    effort: 3,
    differs: false,
    within: (range) => strided(range, starts(range), stride),
    list: ({ first, last }) =>
      `awk 'BEGIN { for (a = ${first}; a < ${first + stride}; a++) for (p = a; p <= ${last}; p += ${stride}) print p }'`,
    around: ({ first, last }) => ({ first: first - ((first - 1) % stride), last }),
  };
}

function strided({ first, last }: Ports, starts: readonly number[], stride: number): Uint16Array {
  const ports = new Uint16Array(last - first + 1);
  let count = 0;
  for (const start of starts) {
    for (let port = start; port <= last; port += stride) {
      ports[count] = port;
      count += 1;
    }
  }
  return ports;
}

/** 1, 65535, 2, 65534, ...: narrower only from both sides at once. */
const FROM_BOTH_ENDS: Order = {
  words: "a scan of all ports from both ends to the middle",
  effort: 3,
  differs: false,
  within: ({ first }) =>
    listed(2 * (MIDDLE - first) + 1, (index) =>
      index % 2 === 0 ? first + index / 2 : 2 * MIDDLE - first - (index - 1) / 2,
    ),
  // The middle itself is printed twice.
  list: ({ first }) =>
    `for n in $(seq ${first} ${MIDDLE}); do printf '%s\\n' $n $((${2 * MIDDLE} - n)); done | uniq`,
  around: ({ first, last }) => {
    const start = Math.min(first, 2 * MIDDLE - last);
    return { first: start, last: 2 * MIDDLE - start };
  },
};

/** One scan and then another, which goes on from where the first got to. */
function inTurn(first: Order, second: Order, words: string): Order {
  return {
    words,
    effort: 4,
    differs: false,
    within: (range, protocol) => {
      const earlier = first.within(range, protocol);
      const later = second.within(range, protocol);
      const both = new Uint16Array(earlier.length + later.length);
      both.set(earlier);
      both.set(later, earlier.length);
      return both;
    },
    list: (range, protocol) =>
      `{ ${first.list(range, protocol)}; ${second.list(range, protocol)}; }`,
    around: same,
  };
}

/** The same over these ports alone, whatever the range. */
function only(order: Order, ports: Ports, words: string): Order {
  const { nmap } = order;
  return {
    words,
    effort: order.effort + 1,
    differs: false,
    within: (_, protocol) => order.within(ports, protocol),
    list: (_, protocol) => order.list(ports, protocol),
    around: same,
    ...(nmap === undefined ? {} : { nmap: () => nmap(ports) }),
  };
}

const SERVICES = "/usr/share/nmap/nmap-services";

/** By how often nmap found the ports open; `nmap -r` scans the most common ones upwards. */
function commonOrders(commonPorts: CommonPorts): Order[] {
  const top = (count: number, words: string): Order => ({
    words,
    effort: 2,
    differs: true,
    within: (_, protocol) => Uint16Array.from(commonPorts[protocol].slice(0, count)),
    list: (_, protocol) => listOfCommon(protocol, count),
    around: same,
  });
  const upwards = (count: number, nmap: string): Order => ({
    words: `a scan of nmap's ${grouped(count)} most common ports upwards`,
    effort: 1,
    differs: true,
    within: (_, protocol) => Uint16Array.from(commonPorts[protocol].slice(0, count)).sort(),
    list: (_, protocol) => `${listOfCommon(protocol, count)} | sort -n`,
    around: same,
    nmap: () => nmap,
  });
  return [
    upwards(100, "-F"),
    upwards(1000, "--top-ports 1000"),
    top(100, "a scan of nmap's 100 most common ports, the most common first"),
    top(1000, "a scan of nmap's 1,000 most common ports, the most common first"),
    top(65535, "a scan of all ports that nmap knows, the most common first"),
  ];
}

function grouped(count: number): string {
  return count === 1000 ? "1,000" : `${count}`;
}

function listOfCommon(protocol: Protocol, count: number): string {
  const fields = `awk -F'[\\t/]' '$3 == "${protocol}" { print $4, $2 }' ${SERVICES}`;
  return `${fields} | sort -k1,1gr -k2,2n | cut -d' ' -f2 | head -n ${count}`;
}
