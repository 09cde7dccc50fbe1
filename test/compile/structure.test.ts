/** What holds of every compiled program, whatever the policy: nothing dangles, nothing lies idle. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy, type Memory } from "../../src/compile/index.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { Program } from "../../src/program/index.ts";
import { policies } from "../scenarios/arbitrary.ts";
import { readExamples, readGoldens } from "../setup/goldens.ts";
import { MEMORIES, policyOf, programOf } from "../setup/policy.ts";
import { chainNamed, countersNamedBy, rulesOf, setsNamedBy, targetOf } from "./programs.ts";

/** The kernel follows no more jumps than this into each other (NFT_JUMP_STACK_SIZE). */
const DEEPEST = 16;

/** What has no sets of what packets hold is not asked for them. */
function policiesFor(memory: Memory): fc.Arbitrary<Policy> {
  return policies(["203.0.113.0/24", "2001:db8:7::/48"], ["192.0.2.11", "2001:db8::11"], {
    withTokens: memory === "connections",
  });
}

function writtenFor(memory: Memory): Policy[] {
  return [...readGoldens(), ...readExamples()]
    .map(({ policy }) => policyOf(policy))
    .filter(
      ({ doors }) =>
        memory === "connections" || doors.every(({ token, signed }) => !token && !signed),
    );
}

type Claim = (program: Program, policy: Policy) => void;

function forEveryProgram(memory: Memory, claim: Claim): void {
  for (const policy of writtenFor(memory)) claim(compilePolicy(policy, {}, memory), policy);
  fc.assert(
    fc.property(policiesFor(memory), (policy) => claim(compilePolicy(policy, {}, memory), policy)),
  );
}

function targetsOf(program: Program, chain: string): string[] {
  return chainNamed(program, chain).rules.flatMap((rule) => targetOf(rule) ?? []);
}

/** How many chains the longest way from this one goes through; throws where one leads in a circle. */
function depthOf(program: Program, chain: string, above: readonly string[] = []): number {
  if (above.includes(chain)) throw new Error(`depthOf: ${[...above, chain].join(" -> ")}`);
  const depths = targetsOf(program, chain).map((to) => depthOf(program, to, [...above, chain]));
  return 1 + Math.max(0, ...depths);
}

function reachedIn(program: Program): ReadonlySet<string> {
  const reached = new Set<string>();
  const visit = (chain: string) => {
    if (reached.has(chain)) return;
    reached.add(chain);
    for (const to of targetsOf(program, chain)) visit(to);
  };
  visit(program.chains[0]?.name ?? "");
  return reached;
}

test("what remembers sources alone never passes a packet at once, nor knows connections", () => {
  forEveryProgram("sources", (program) => {
    const rules = rulesOf(program);
    expect(rules.filter(({ to }) => to.kind === "pass")).toEqual([]);
    expect(program.sets.filter(({ key }) => key.kind !== "source")).toEqual([]);
    expect(program.reassembles).toBe(true);
  });
});

describe.each(MEMORIES)("in every program that remembers %s", (memory) => {
  test("every chain that a rule leads to is there, and none leads in a circle", () => {
    forEveryProgram(memory, (program) => {
      expect(depthOf(program, program.chains[0]?.name ?? "")).toBeLessThanOrEqual(DEEPEST);
    });
  });

  test("packets get to every chain", () => {
    forEveryProgram(memory, (program) => {
      const reached = reachedIn(program);
      expect(program.chains.filter(({ name }) => !reached.has(name))).toEqual([]);
    });
  });

  test("the sets that rules name are those that it has, and only marks are in others", () => {
    forEveryProgram(memory, (program) => {
      const named = new Set(
        rulesOf(program)
          .flatMap(setsNamedBy)
          .map(({ name }) => name),
      );
      const had = program.sets.filter(({ key }) => key.kind !== "mark");
      expect(named).toEqual(new Set(had.map(({ name }) => name)));
    });
  });

  test("a set that rules name is in all of them the same", () => {
    forEveryProgram(memory, (program) => {
      const byName = new Map(program.sets.map((set) => [set.name, set]));
      for (const set of rulesOf(program).flatMap(setsNamedBy)) {
        expect(set).toEqual(byName.get(set.name));
      }
    });
  });

  test("the counters that rules name are those that it has", () => {
    forEveryProgram(memory, (program) => {
      const named = new Set(
        rulesOf(program)
          .flatMap(countersNamedBy)
          .map(({ name }) => name),
      );
      const had = program.counters.map(({ name }) => name);
      // A door without steps is never opened by a knock, but counts as every other.
      for (const name of named) expect(had).toContain(name);
    });
  });

  test("the kinds of its log lines are those that it has a limit for", () => {
    forEveryProgram(memory, (program, { log }) => {
      const lines = rulesOf(program).flatMap(({ then }) =>
        then.flatMap((action) => (action.kind === "log" ? [action.line] : [])),
      );
      for (const line of lines) expect(program.logs).toContain(line);
      if (!log) expect(program.logs).toEqual([]);
    });
  });

  test("the same policy makes the same program", () => {
    forEveryProgram(memory, (program, policy) => {
      expect(compilePolicy(policy, {}, memory)).toEqual(program);
    });
  });
});

test.each(MEMORIES)("500 doors do not make the way too deep (%s)", (memory) => {
  const doors = Array.from(
    { length: 500 },
    (_, n) =>
      `  d${n}: { protects: tcp/${n + 1}, sequence: { steps: [${20_000 + n * 80}, ${20_009 + n * 80}] } }`,
  );
  const program = programOf(`doors:\n${doors.join("\n")}\n`, memory);
  expect(depthOf(program, "prerouting")).toBeLessThanOrEqual(DEEPEST);
});
