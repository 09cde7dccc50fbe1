/** Random stories: the model and the interpreter of the compiled program judge each alike. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  pastOf,
  type Reason,
  reasonFor,
  type Story,
  spendsTokenFor,
} from "../../src/model/index.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { hexOf } from "../../src/program/index.ts";
import { CASTS, policies, stories } from "../scenarios/arbitrary.ts";
import { judgeByInterpreter, judgeByModel } from "../scenarios/judges.ts";
import { LIMITS, limitsOf } from "../scenarios/limits.ts";

const POLICIES_A_FAMILY = { connections: 2000, sources: 1000 } as const;

/** A policy takes three times as long to draw and to compile as a story takes to judge. */
const STORIES_A_POLICY = 4;

const REASONS: readonly Reason[] = [
  ...(["no door", "connection", "repeated SYN", "session", "trusted"] as const),
  ...(["grant", "banned", "no grant", "no connection"] as const),
];

const NAMED = {
  ipv4: { elsewhere: ["203.0.113.0/24", "198.51.100.1"], trusted: ["192.0.2.11"] },
  ipv6: { elsewhere: ["2001:db8:7::/48", "2001:db8:1::1"], trusted: ["2001:db8::11"] },
};

/** What comes of the packets of a story that show a token which was there once. */
function tokensIn(policy: Policy, story: Story): ("spent" | "again")[] {
  const past = pastOf(policy, story);
  const shown = new Set<string>();
  return story.flatMap((event, n) => {
    if (event.kind !== "packet" || event.packet.content.payload === undefined) return [];
    const { source, content } = event.packet;
    const payload = hexOf(content.payload ?? new Uint8Array());
    if (!policy.doors.some((door) => spendsTokenFor(past, door, source, n))) {
      return shown.has(payload) ? ["again"] : [];
    }
    shown.add(payload);
    return ["spent"];
  });
}

describe.each(FAMILIES)("random stories over %s", (family) => {
  const { elsewhere, trusted } = NAMED[family];
  const cases = (storiesAPolicy: number) =>
    policies(elsewhere, trusted).chain((policy) =>
      fc.record({
        policy: fc.constant(policy),
        told: fc.array(stories(policy, CASTS[family]), {
          minLength: 1,
          maxLength: storiesAPolicy,
          size: "max",
        }),
      }),
    );
  const sample = () =>
    fc
      .sample(cases(1), { numRuns: 1200, seed: 1 })
      .flatMap(({ policy, told }) => told.map((story) => ({ policy, story })));

  test.each(["connections", "sources"] as const)(
    "the program that remembers %s judges every packet as the model does, within its limits",
    (memory) => {
      fc.assert(
        fc.property(cases(STORIES_A_POLICY), ({ policy, told }) => {
          for (const story of told) {
            expect(judgeByInterpreter(policy, story, memory)).toEqual(
              judgeByModel(policy, story, memory),
            );
          }
        }),
        { numRuns: POLICIES_A_FAMILY[memory] },
      );
    },
    300_000,
  );

  test("every limit comes up in them, and few packets are under one", () => {
    const limits = sample().flatMap(({ policy, story }) => limitsOf(policy, story));
    const under = limits.flatMap((limit) => limit?.because ?? []);
    const passing = limits.filter((limit) => limit?.outcome === "pass");
    expect(new Set(passing.map((limit) => limit?.because))).toEqual(
      new Set(["its source was let through"]),
    );
    expect(new Set(under)).toEqual(new Set(Object.keys(LIMITS)));
    expect(under.length / limits.length).toBeLessThan(0.1);
  });

  test("tokens are spent in them, and shown again", () => {
    const shown = sample().flatMap(({ policy, story }) => tokensIn(policy, story));
    const count = (what: (typeof shown)[number]) => shown.filter((one) => one === what).length;
    expect(count("spent")).toBeGreaterThan(200);
    expect(count("again")).toBeGreaterThan(20);
  });

  test("every reason to pass or to be refused comes up in them", () => {
    const seen = new Map<Reason, number>();
    for (const { policy, story } of sample()) {
      const past = pastOf(policy, story);
      for (const [n, event] of story.entries()) {
        if (event.kind !== "packet") continue;
        const reason = reasonFor(past, n);
        seen.set(reason, (seen.get(reason) ?? 0) + 1);
      }
    }
    expect(REASONS.filter((reason) => (seen.get(reason) ?? 0) < 20)).toEqual([]);
  });
});
