/** The engine's table of scans, and its short cut through them, against every packet in full. */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { opens, targetAt } from "../../src/check/judge.ts";
import type { Order } from "../../src/check/orders.ts";
import { describeScan, type Knock, knocksOf, type Scan, scansOf } from "../../src/check/scans.ts";
import type { Door, Policy } from "../../src/policy/policy.ts";
import { policyOf } from "../setup/policy.ts";
import { GREETINGS, KNOWN, REPETITIONS, repeated, SWEEPS, WAYS } from "./scanners.ts";
import { knockAt, openedInRules, weakPolicies } from "./weak-policies.ts";

// Every scan in full is many packets.
vi.setConfig({ testTimeout: 120_000 });

const SCANS = scansOf(KNOWN);
const ALONE = { first: 51_001, last: 51_003 };

function spell(knocks: Iterable<Knock>): string {
  return [...knocks]
    .map((knock) =>
      knock.protocol === "ping" ? `p${knock.payloadBytes}` : `${knock.protocol}${knock.port}`,
    )
    .join(" ");
}

describe("the table of scans", () => {
  test("an order is scanned in every way, with every greeting, as often as scanners repeat it", () => {
    const ports = { tcp: [51_001, 51_002, 51_003], udp: [51_001, 51_002, 51_003] };
    const own = SCANS.filter(
      (scan) => scan.kind === "ports" && scan.order.words === "a scan of all ports upwards",
    );
    const expected = Object.values(WAYS).flatMap((way) =>
      GREETINGS.flatMap((greeting) =>
        REPETITIONS.map((repeats) => spell(repeated(greeting, way(ports), repeats))),
      ),
    );
    expect(new Set(own.map((scan) => spell(knocksOf(scan, ALONE))))).toEqual(new Set(expected));
    expect(own).toHaveLength(expected.length);
  });

  test("so is every other order", () => {
    const counts = new Map<string, number>();
    for (const scan of SCANS) {
      const name = scan.kind === "pings" ? "pings" : scan.order.words;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    counts.delete("pings");
    expect(new Set(counts.values())).toEqual(new Set([144]));
    expect(counts.size).toBe(36);
  });

  test("pings of all lengths are swept both ways, as often as scans are repeated", () => {
    const own = SCANS.filter(({ kind }) => kind === "pings");
    const expected = SWEEPS.flatMap((sweep) =>
      REPETITIONS.map((r) => spell(repeated([], sweep, r))),
    );
    expect(new Set(own.map((scan) => spell(knocksOf(scan))))).toEqual(new Set(expected));
    expect(own).toHaveLength(expected.length);
  });

  test("the simplest come first", () => {
    const efforts = SCANS.map(({ effort }) => effort);
    expect(efforts).toEqual(efforts.toSorted((a, b) => a - b));
  });
});

function targetsOf(policy: Policy) {
  return policy.doors.flatMap((door) =>
    door.sequence === undefined ? [] : [{ door, target: targetAt(policy, door, door.sequence) }],
  );
}

/** Runs every packet of a scan that is anything to the door, strays and all. */
function judgeInFull(policy: Policy, door: Door, family: "ipv4" | "ipv6") {
  const alone = { ...policy, doors: [door], ban: undefined };
  const fewOf = cutFor(knockAt(alone, [door]));
  return (scan: Scan) => openedInRules(alone, fewOf(scan), { family }).length > 0;
}

const whole = new Map<string, Uint16Array>();

/** All ports in an order: drawn up once, for that takes longer than all that is done with them. */
function portsIn({ words, within }: Order, ...[range, protocol]: Parameters<Order["within"]>) {
  const key = `${words}, ${range.first} to ${range.last} over ${protocol}`;
  const ports = whole.get(key) ?? within(range, protocol);
  whole.set(key, ports);
  return ports;
}

/** Leaves out of a scan what is nothing to the doors: orders are cut before they are walked. */
function cutFor(isKnock: (knock: Knock) => boolean): (scan: Scan) => Knock[] {
  const ports = new Set<number>();
  for (let port = 1; port <= 65_535; port++) {
    if (isKnock({ protocol: "tcp", port }) || isKnock({ protocol: "udp", port })) ports.add(port);
  }
  return (scan) => {
    if (scan.kind === "pings") return [...knocksOf(scan)].filter(isKnock);
    const { order } = scan;
    const cut = {
      ...order,
      within: (...args: Parameters<Order["within"]>) =>
        portsIn(order, ...args).filter((port) => ports.has(port)),
    };
    return [...knocksOf({ ...scan, order: cut })].filter(isKnock);
  };
}

describe("the short cut", () => {
  test("a scan opens a door by its few packets exactly if it does by all of them", () => {
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(
        weakPolicies,
        fc.array(fc.constantFrom(...SCANS), { minLength: 12, maxLength: 12 }),
        fc.constantFrom("ipv4", "ipv6"),
        ({ policy }, scans, family) => {
          for (const { door, target } of targetsOf(policy)) {
            const opensInFull = judgeInFull(policy, door, family);
            for (const scan of scans) {
              const short = opens(target, scan);
              seen[`${short}`] += 1;
              expect(short).toBe(opensInFull(scan));
            }
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(30);
  });

  test.each([
    ["51001, 51002, 51003", "a scan of all ports upwards over TCP", true],
    ["51001, 51003, 51002", "a scan of all ports upwards over TCP", false],
    ["udp/60002, udp/60001, udp/60000", "a scan of all ports downwards over UDP", true],
    [
      "tcp/10000, udp/10000, tcp/10001",
      "a scan of all ports upwards over TCP and UDP by turns",
      true,
    ],
    [
      "tcp/10000, udp/10000, tcp/10001",
      "a scan of all ports upwards over UDP and TCP by turns",
      false,
    ],
  ])("steps %s, all ports watched: every packet of %s opens: %s", (steps, words, opened) => {
    const policy = policyOf(
      `doors: { ssh: { protects: tcp/22, sequence: { steps: [${steps}], watch: 1-65535 } } }`,
    );
    const scan = SCANS.find((each) => describeScan(each) === words);
    const [door] = policy.doors;
    if (scan === undefined || door?.sequence === undefined) throw new Error(`no scan: ${words}`);
    expect(openedInRules(policy, knocksOf(scan)).length > 0).toBe(opened);
    expect(opens(targetAt(policy, door, door.sequence), scan)).toBe(opened);
  });
});

test("a slower scan opens nothing that one at one instant does not", () => {
  const pause = fc.constantFrom(0, 0, 0, 1, 4, 11);
  fc.assert(
    fc.property(
      weakPolicies,
      fc.array(fc.constantFrom(...SCANS), { minLength: 6, maxLength: 6 }),
      fc.array(pause, { minLength: 1, maxLength: 40 }),
      ({ policy }, scans, gaps) => {
        const unbanned = { ...policy, ban: undefined };
        const fewOf = cutFor(knockAt(unbanned, policy.doors));
        for (const scan of scans) {
          const knocks = fewOf(scan);
          const atOnce = openedInRules(unbanned, knocks);
          for (const door of openedInRules(unbanned, knocks, { gaps })) {
            expect(atOnce).toContain(door);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
