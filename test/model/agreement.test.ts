/** Random stories: the model and the interpreter of the compiled program judge each alike. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pastOf, type Reason, reasonFor } from "../../src/model/index.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { CASTS, policies, stories } from "../scenarios/arbitrary.ts";
import { judgeByInterpreter, judgeByModel } from "../scenarios/judges.ts";
import { LIMITS, limitsOf } from "../scenarios/limits.ts";

const STORIES_A_FAMILY = { connections: 10_000, sources: 4000 } as const;

const REASONS: readonly Reason[] = [
  ...(["no door", "connection", "repeated SYN", "session", "trusted"] as const),
  ...(["grant", "banned", "no grant", "no connection"] as const),
];

const NAMED = {
  ipv4: { elsewhere: ["203.0.113.0/24", "198.51.100.1"], trusted: ["192.0.2.11"] },
  ipv6: { elsewhere: ["2001:db8:7::/48", "2001:db8:1::1"], trusted: ["2001:db8::11"] },
};

describe.each(FAMILIES)("random stories over %s", (family) => {
  const { elsewhere, trusted } = NAMED[family];
  const cases = policies(elsewhere, trusted).chain((policy) =>
    fc.record({ policy: fc.constant(policy), story: stories(policy, CASTS[family]) }),
  );

  test.each(["connections", "sources"] as const)(
    "the program that remembers %s judges every packet as the model does, within its limits",
    (memory) => {
      fc.assert(
        fc.property(cases, ({ policy, story }) => {
          expect(judgeByInterpreter(policy, story, memory)).toEqual(
            judgeByModel(policy, story, memory),
          );
        }),
        { numRuns: STORIES_A_FAMILY[memory] },
      );
    },
    300_000,
  );

  test("every limit comes up in them, and few packets are under one", () => {
    const limits = fc
      .sample(cases, { numRuns: 1000, seed: 1 })
      .flatMap(({ policy, story }) => limitsOf(policy, story));
    const under = limits.flatMap((limit) => limit?.because ?? []);
    const passing = limits.filter((limit) => limit?.outcome === "pass");
    expect(new Set(passing.map((limit) => limit?.because))).toEqual(
      new Set(["its source was let through"]),
    );
    expect(new Set(under)).toEqual(new Set(Object.keys(LIMITS)));
    expect(under.length / limits.length).toBeLessThan(0.1);
  });

  test("every reason to pass or to be refused comes up in them", () => {
    const seen = new Map<Reason, number>();
    for (const { policy, story } of fc.sample(cases, { numRuns: 1000, seed: 1 })) {
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
