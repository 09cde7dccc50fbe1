import { describe, expect, test } from "vitest";
import { chanceOf } from "../../src/check/chance.ts";
import { judgeDoor } from "../../src/check/index.ts";
import { type Target, targetAt } from "../../src/check/judge.ts";
import type { Knock } from "../../src/check/scans.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { seededChance } from "../setup/chance.ts";
import { policyOf } from "../setup/policy.ts";
import { openedInRules } from "./weak-policies.ts";

function policyWith(sequence: string): Policy {
  return policyOf(`doors: { ssh: { protects: tcp/22, sequence: ${sequence} } }`);
}

function targetWith(sequence: string): Target {
  const policy = policyWith(sequence);
  const [door] = policy.doors;
  if (door?.sequence === undefined) throw new Error("targetWith: no sequence");
  return targetAt(policy, door, door.sequence);
}

function chanceWith(sequence: string, packets: number): number {
  const { attempt, ground } = targetWith(sequence);
  return chanceOf(attempt, ground, packets);
}

describe("worked out by hand", () => {
  test.each([
    // 10 ports over two protocols: 20 packets, of which one or two are a given step.
    ["{ steps: [tcp/101], watch: 101-110 }", 1, 1 / 20],
    ["{ steps: [101], watch: 101-110 }", 1, 1 / 10],
    ["{ steps: [101], watch: 101-110 }", 2, 1 - (9 / 10) ** 2],
    ["{ steps: [101, 105], watch: 101-110 }", 1, 0],
    ["{ steps: [101, 105], watch: 101-110 }", 2, 1 / 100],
    // Also: something else and then both; or the first step twice and then the second.
    ["{ steps: [101, 105], watch: 101-110 }", 3, 1 / 100 + (9 / 10) * (1 / 100) + 1 / 1000],
    ["{ steps: [101, 101], watch: 101-110 }", 2, 1 / 100],
    ["{ steps: [101, tcp/103, udp/105], watch: 101-110 }", 3, (1 / 10) * (1 / 20) * (1 / 20)],
    // 65,535 ports and 16 steps: what 1 - (1 - p) would have lost.
    [
      `{ steps: [${Array.from({ length: 16 }, (_, i) => 1000 + i * 999)}], watch: 1-65535 }`,
      16,
      (1 / 65535) ** 16,
    ],
  ])("%s, %i packets", (sequence, packets, expected) => {
    const chance = chanceWith(sequence, packets);
    expect(Math.abs(chance - expected)).toBeLessThanOrEqual(1e-12 * expected);
  });

  test.each([
    ["a step outside the watch range", "{ steps: [101, 205], watch: 101-110 }"],
    ["a ping", "{ steps: [101, ping/63], watch: 101-110 }"],
    ["nothing but a ping", "{ steps: [ping/63] }"],
  ])("%s is never guessed", (_, sequence) => {
    expect(chanceWith(sequence, 1000)).toBe(0);
  });

  test("a report tells the chance in 1,000 packets", () => {
    const policy = policyWith("{ steps: [101], watch: 1-10000 }");
    const [door] = policy.doors;
    if (door === undefined) throw new Error("no door");
    const { chancePerThousand } = judgeDoor(policy, door, {
      commonPorts: undefined,
      chance: seededChance(1),
    });
    expect(chancePerThousand).toBeCloseTo(1 - (1 - 1 / 10_000) ** 1000, 12);
  });

  test("a door is opened sooner or later, and a chance is never more than certain", () => {
    const chances = [1, 10, 100, 1000].map((n) => chanceWith("{ steps: [101, 102] }", n));
    expect(chances).toEqual(chances.toSorted((a, b) => a - b));
    expect(chances.at(-1)).toBeCloseTo(1, 10);
    expect(chances.at(-1)).toBeLessThanOrEqual(1);
  });
});

/** A small generator of chance, so that a run can be told again (xorshift32). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

describe("tried out on the compiled rules", () => {
  const RUNS = 3000;
  const PACKETS = 20;

  test.each([
    ["{ steps: [101, 103] }", 101, 3],
    ["{ steps: [101, tcp/103, 101], watch: 100-104 }", 100, 5],
    ["{ steps: [udp/102, tcp/102, 101], watch: 101-104 }", 101, 4],
    ["{ steps: [101, 102, 103, 101], watch: 101-103 }", 101, 3],
  ])("%s", (sequence, first, width) => {
    const policy = policyWith(sequence);
    const draw = seeded(20_261_122);
    const send = (): Knock => ({
      protocol: draw(2) === 0 ? "tcp" : "udp",
      port: first + draw(width),
    });
    let opened = 0;
    for (let run = 0; run < RUNS; run += 1) {
      if (openedInRules(policy, Array.from({ length: PACKETS }, send)).length > 0) opened += 1;
    }
    const chance = chanceWith(sequence, PACKETS);
    const error = Math.sqrt((chance * (1 - chance)) / RUNS);
    // The same every time, as the seed is.
    expect(Math.abs(opened / RUNS - chance)).toBeLessThan(3 * error);
    expect(chance).toBeGreaterThan(0.02);
    expect(chance).toBeLessThan(0.98);
  });
});
