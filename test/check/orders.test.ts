import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import {
  ALL_PORTS,
  type Order,
  ordersOf,
  type Ports,
  type Protocol,
} from "../../src/check/orders.ts";
import { KNOWN, ORDERS } from "./scanners.ts";

const PROTOCOLS: readonly Protocol[] = ["tcp", "udp"];
const OWN = ordersOf(KNOWN.commonPorts);
const WITHOUT_FILE = ordersOf(undefined);

function fingerprint(lists: Readonly<Record<Protocol, Iterable<number>>>): string {
  return PROTOCOLS.map((protocol) => [...lists[protocol]].join()).join(" ");
}

function whole(order: Order) {
  return { tcp: order.within(ALL_PORTS, "tcp"), udp: order.within(ALL_PORTS, "udp") };
}

test("every order that scanners are known for is tried, and each only once", () => {
  const known = Object.values(ORDERS).map(fingerprint);
  const own = OWN.map((order) => fingerprint(whole(order)));
  expect(new Set(own).size).toBe(own.length);
  expect(new Set(own)).toEqual(new Set(known));
});

test("without nmap's file all orders are tried that need none", () => {
  expect(WITHOUT_FILE.map(({ words }) => words)).toEqual(
    OWN.filter(({ words }) => !words.includes("nmap")).map(({ words }) => words),
  );
  expect(WITHOUT_FILE).toHaveLength(OWN.length - 5);
});

test("an order that says it differs by protocol does, and no other", () => {
  for (const order of OWN) {
    const { tcp, udp } = whole(order);
    expect(order.differs, order.words).toBe(tcp.join() !== udp.join());
  }
});

const RANGES: readonly Ports[] = [
  { first: 1, last: 3 },
  { first: 22, last: 22 },
  { first: 51_001, last: 51_040 },
  { first: 32_760, last: 32_790 },
  { first: 65_500, last: 65_535 },
];

test.each(WITHOUT_FILE.map((order) => [order.words, order] as const))(
  "%s: a narrower range around some ports has the order of the whole, and holds them",
  (_, order) => {
    for (const range of RANGES) {
      const around = order.around(range);
      const ports = [...order.within(around, "tcp")];
      const inside = new Set(ports);
      const expected = [...order.within(ALL_PORTS, "tcp")].filter((port) => inside.has(port));
      expect(ports).toEqual(expected);
      if (order.words.includes("all")) {
        expect([inside.has(range.first), inside.has(range.last)]).toEqual([true, true]);
      }
    }
  },
);

test.each(WITHOUT_FILE.map((order) => [order.words, order] as const))(
  "%s: the shell prints the same ports in the same order",
  (_, order) => {
    const ranges = [...RANGES.map(order.around), ALL_PORTS];
    const script = ranges.map((range) => `( ${order.list(range, "tcp")} ); echo`).join("\n");
    const printed = execFileSync("sh", ["-c", script], { encoding: "utf8", maxBuffer: 2 ** 24 });
    const ports = ranges.map((range) => `${[...order.within(range, "tcp")].join("\n")}\n\n`);
    expect(printed).toBe(ports.join(""));
  },
);
