/** The engine's table of scans, and its short cut through them, against every packet in full. */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { opens, targetAt } from "../../src/check/judge.ts";
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

/** Runs every packet of the scan that is anything to the door, strays and all. */
function opensInFull(policy: Policy, door: Door, scan: Scan, family: "ipv4" | "ipv6"): boolean {
  const alone = { ...policy, doors: [door], ban: undefined };
  const isKnock = knockAt(alone, [door]);
  return openedInRules(alone, fewOf(scan, isKnock), { family }).length > 0;
}

/** The scan without what is nothing to the door: orders are cut before they are walked. */
function fewOf(scan: Scan, isKnock: (knock: Knock) => boolean): Knock[] {
  if (scan.kind === "pings") return [...knocksOf(scan)].filter(isKnock);
  const { order } = scan;
  const cut = {
    ...order,
    within: (...args: Parameters<typeof order.within>) =>
      order
        .within(...args)
        .filter((port) => isKnock({ protocol: "tcp", port }) || isKnock({ protocol: "udp", port })),
  };
  return [...knocksOf({ ...scan, order: cut })].filter(isKnock);
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
            for (const scan of scans) {
              const short = opens(target, scan);
              seen[`${short}`] += 1;
              expect(short).toBe(opensInFull(policy, door, scan, family));
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
        const isKnock = knockAt(unbanned, policy.doors);
        for (const scan of scans) {
          const knocks = fewOf(scan, isKnock);
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
