/** What scanners do, written down once more and plainly, to hold the engine's own table to. */
import type { Known } from "../../src/check/index.ts";
import type { Knock } from "../../src/check/scans.ts";
import { seededChance } from "../setup/chance.ts";

type Lists = Readonly<Record<"tcp" | "udp", readonly number[]>>;

const ALL = Array.from({ length: 65_535 }, (_, index) => index + 1);
const isOdd = (port: number) => port % 2 === 1;

/** A file of services that nobody has, in which common ports have no order that others have. */
export const KNOWN: Known = {
  commonPorts: {
    tcp: ALL.filter((port) => port % 5 < 2).sort(byRemainder(7919)),
    udp: ALL.filter((port) => port % 3 === 0).sort(byRemainder(6007)),
  },
  chance: seededChance(1),
};

function byRemainder(prime: number) {
  const placeOf = (port: number) => (port * 31_337) % prime;
  return (a: number, b: number) => placeOf(a) - placeOf(b) || a - b;
}

const both = (ports: readonly number[]): Lists => ({ tcp: ports, udp: ports });

function common(change: (ports: readonly number[]) => readonly number[]): Lists {
  const { tcp, udp } = KNOWN.commonPorts ?? both([]);
  return { tcp: change(tcp), udp: change(udp) };
}

function inStrides(stride: number): number[] {
  const classes = Array.from({ length: stride }, (_, first) => first + 1);
  return classes.flatMap((first) => ALL.filter((port) => (port - first) % stride === 0));
}

/** Every order in which ports are scanned. */
export const ORDERS: Readonly<Record<string, Lists>> = {
  upwards: both(ALL),
  downwards: both(ALL.toReversed()),
  "odd then even": both([...ALL.filter(isOdd), ...ALL.filter((port) => !isOdd(port))]),
  "even then odd": both([...ALL.filter((port) => !isOdd(port)), ...ALL.filter(isOdd)]),
  "both ends": both(
    ALL.slice(0, 32_768).flatMap((port) => (port === 32_768 ? [port] : [port, 65_536 - port])),
  ),
  ...Object.fromEntries(
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32, 64, 100, 128, 256, 512, 1000, 1024].map(
      (stride) => [`strides of ${stride}`, both(inStrides(stride))],
    ),
  ),
  "up and down": both([...ALL, ...ALL.toReversed()]),
  "down and up": both([...ALL.toReversed(), ...ALL]),
  "1 to 1024": both(ALL.slice(0, 1024)),
  "1024 to 1": both(ALL.slice(0, 1024).toReversed()),
  "nmap's order": common((ports) => ports),
  "nmap's first 100": common((ports) => ports.slice(0, 100)),
  "nmap's first 1000": common((ports) => ports.slice(0, 1000)),
  "nmap -r -F": common((ports) => ports.slice(0, 100).sort((a, b) => a - b)),
  "nmap -r": common((ports) => ports.slice(0, 1000).sort((a, b) => a - b)),
};

/** The protocols over which ports are scanned, each a way to turn an order into packets. */
export const WAYS: Readonly<Record<string, (lists: Lists) => Knock[]>> = {
  tcp: ({ tcp }) => over("tcp", tcp),
  udp: ({ udp }) => over("udp", udp),
  "tcp and udp": ({ tcp }) =>
    tcp.flatMap((port) => [
      { protocol: "tcp", port },
      { protocol: "udp", port },
    ]),
  "udp and tcp": ({ udp }) =>
    udp.flatMap((port) => [
      { protocol: "udp", port },
      { protocol: "tcp", port },
    ]),
  "tcp, then udp": ({ tcp, udp }) => [...over("tcp", tcp), ...over("udp", udp)],
  "udp, then tcp": ({ tcp, udp }) => [...over("udp", udp), ...over("tcp", tcp)],
};

function over(protocol: "tcp" | "udp", ports: readonly number[]): Knock[] {
  return ports.map((port) => ({ protocol, port }));
}

export const GREETINGS: readonly (readonly Knock[])[] = [
  [],
  ...[0, 56, 32].map((payloadBytes): Knock[] => [{ protocol: "ping", payloadBytes }]),
];

const LENGTHS = Array.from(
  { length: 1233 },
  (_, payloadBytes): Knock => ({ protocol: "ping", payloadBytes }),
);
export const SWEEPS = [LENGTHS, LENGTHS.toReversed()];

/** A scan as often as scanners repeat it, after a greeting each time. */
export function repeated(
  greeting: readonly Knock[],
  knocks: readonly Knock[],
  { doubled, times }: { readonly doubled: boolean; readonly times: number },
): Knock[] {
  const once = [...greeting, ...(doubled ? knocks.flatMap((knock) => [knock, knock]) : knocks)];
  return Array.from({ length: times }, () => once).flat();
}

export const REPETITIONS = [1, 2, 3].flatMap((times) =>
  [false, true].map((doubled) => ({ times, doubled })),
);

/** Every scan, reduced to the packets that the filter lets through. */
export function* storiesOf(
  isKnock: (knock: Knock) => boolean,
): Generator<{ readonly name: string; readonly knocks: readonly Knock[] }> {
  const ports = new Set(
    ALL.filter((port) => isKnock({ protocol: "tcp", port }) || isKnock({ protocol: "udp", port })),
  );
  const few = (list: readonly number[]) => list.filter((port) => ports.has(port));
  const plain = [
    ...Object.entries(ORDERS).flatMap(([order, { tcp, udp }]) =>
      Object.entries(WAYS).flatMap(([way, knocksOver]) => {
        const knocks = knocksOver({ tcp: few(tcp), udp: few(udp) }).filter(isKnock);
        return GREETINGS.map((greeting) => ({
          name: `${order} ${way} after ${greeting.length}`,
          greeting: greeting.filter(isKnock),
          knocks,
        }));
      }),
    ),
    ...SWEEPS.map((sweep) => ({ name: "sweep", greeting: [], knocks: sweep.filter(isKnock) })),
  ];
  for (const { name, greeting, knocks } of plain) {
    for (const repeats of REPETITIONS) {
      yield {
        name: `${name} ${JSON.stringify(repeats)}`,
        knocks: repeated(greeting, knocks, repeats),
      };
    }
  }
}
