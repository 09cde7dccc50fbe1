/** Chances over every order of a list, against all of the orders one by one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPEN, START, send } from "../../src/check/attempt.ts";
import { type Target, targetAt } from "../../src/check/judge.ts";
import { permutationsOf } from "../../src/check/permutations.ts";
import type { Knock } from "../../src/check/scans.ts";
import { afterHeap, chanceThereAndBack } from "../../src/check/shuffled.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { policyOf } from "../setup/policy.ts";
import { openedInRules } from "./weak-policies.ts";

function policyWith(steps: string, watch: string): Policy {
  return policyOf(
    `doors: { ssh: { protects: tcp/22, sequence: { steps: [${steps}], watch: ${watch} } } }`,
  );
}

function targetOf(policy: Policy): Target {
  const [door] = policy.doors;
  if (door?.sequence === undefined) throw new Error("targetOf: no sequence");
  return targetAt(policy, door, door.sequence);
}

function heapOf({ ground }: Target, ports: readonly number[]) {
  const packets = ports.flatMap((port) => ground.packetTo("tcp", port) ?? []);
  const strays = packets.filter(ground.isStray);
  const steps = packets.filter((packet) => !ground.isStray(packet));
  return { steps, strays: strays.length, stray: strays[0] };
}

function chanceOnce(target: Target, ports: readonly number[]): number {
  const places = afterHeap(target.attempt, new Map([[START, 1]]), heapOf(target, ports));
  return places.get(OPEN) ?? 0;
}

const syns = (ports: readonly number[]): Knock[] =>
  ports.map((port) => ({ protocol: "tcp", port }));

/** The share of all orders in which the compiled rules open the door. */
function triedOut(policy: Policy, ports: readonly number[], back: boolean): number {
  const orders = permutationsOf(ports);
  const opening = orders.filter((order) => {
    const sent = back ? [...order, ...order.toReversed()] : order;
    return openedInRules(policy, syns(sent)).length > 0;
  });
  return opening.length / orders.length;
}

describe("a list sent once", () => {
  test.each([
    ["80, 443, 8080", "80-8080", [80, 443, 8080], 1 / 6],
    ["80, 443, 8080", "80-8080", [80, 443, 8080, 22, 9000], 1 / 6],
    // (m + 1)! / (m + k)!: the strays stand before and behind the steps.
    ["80, 443, 8080", "80-8080", [80, 443, 8080, 88, 8000], 1 / 20],
    ["80, 443", "80-8080", [80, 443, 88, 8000, 8080], 1 / 5],
    // No second packet comes to a port.
    ["80, 443, 80", "80-443", [80, 443], 0],
    ["80, udp/443", "80-443", [80, 443], 0],
    ["80, ping/56, 443", "80-443", [80, 443], 0],
  ])("steps %s, watch %s, list %s: %d", (steps, watch, ports, expected) => {
    const policy = policyWith(steps, watch);
    expect(chanceOnce(targetOf(policy), ports)).toBeCloseTo(expected, 12);
    expect(triedOut(policy, ports, false)).toBeCloseTo(expected, 12);
  });

  test("a thousand strays and eight steps are no more than a formula", () => {
    const steps = Array.from({ length: 8 }, (_, n) => 20_000 + 37 * n ** 2);
    const target = targetOf(policyWith(`${steps}`, "19000-29000"));
    const ports = [...steps, ...Array.from({ length: 1000 }, (_, n) => 22_000 + n)];
    const expected = Array.from({ length: 7 }, (_, n) => 1 / (1002 + n)).reduce((a, b) => a * b);
    expect(chanceOnce(target, ports) / expected).toBeCloseTo(1, 9);
  });
});

describe("a list sent there and back", () => {
  test.each([
    // abc, cba, and cab: back from its end come b and a, which do no harm, and c.
    ["80, 443, 8080", "80-8080", [80, 443, 8080], 1 / 2],
    ["80, 443, 80", "80-443", [80, 443], 1 / 2],
    ["80, 443, 8080, 8443", "80-8443", [80, 443, 8080, 8443], 4 / 24],
  ])("steps %s, watch %s, list %s: %d", (steps, watch, ports, expected) => {
    const policy = policyWith(steps, watch);
    const { attempt, ground } = targetOf(policy);
    const packets = ports.flatMap((port) => ground.packetTo("tcp", port) ?? []);
    expect(triedOut(policy, ports, true)).toBeCloseTo(expected, 12);
    expect(chanceThereAndBack(attempt, START, [packets])).toBeCloseTo(expected, 12);
  });

  test("what comes first is shuffled by itself", () => {
    const { attempt, ground } = targetOf(policyWith("80, 443, 9443", "80-9443"));
    const packets = [80, 443, 9443].map((port) => ground.packetTo("tcp", port) ?? 0);
    expect(chanceThereAndBack(attempt, START, [packets.slice(0, 2), packets.slice(2)])).toBe(1 / 2);
  });
});

/** How much of all things each of them is. */
function sharesOf(things: readonly number[]): Map<number, number> {
  const shares = new Map<number, number>();
  for (const thing of things) shares.set(thing, (shares.get(thing) ?? 0) + 1 / things.length);
  return shares;
}

test("of any list the chance is the share of its orders, from wherever a source is", () => {
  const port = fc.integer({ min: 101, max: 108 });
  let between = 0;
  fc.assert(
    fc.property(
      fc.array(port, { minLength: 1, maxLength: 5 }),
      fc.uniqueArray(port, { minLength: 1, maxLength: 6 }),
      (steps, list) => {
        const target = targetOf(policyWith(`${steps}`, "101-108"));
        const { attempt, ground } = target;
        const packets = list.flatMap((each) => ground.packetTo("tcp", each) ?? []);
        // Every place that a part of the knock leads to.
        const first = ground.packetTo("tcp", steps[0] ?? 0) ?? 0;
        for (const start of [START, send(attempt, START, first)]) {
          if (start === OPEN) continue;
          const orders = permutationsOf(packets);
          const ends = orders.map((order) => order.reduce((at, p) => send(attempt, at, p), start));
          const shares = sharesOf(ends);
          const places = afterHeap(attempt, new Map([[start, 1]]), heapOf(target, list));
          expect(new Set(places.keys())).toEqual(new Set(shares.keys()));
          for (const [at, share] of shares) expect(places.get(at)).toBeCloseTo(share, 10);
          if (shares.size > 1) between += 1;
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(between).toBeGreaterThan(20);
});
