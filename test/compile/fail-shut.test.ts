/**
 * Design 5.3: a look-up that misses never lets a packet through. Looked at as data: with every
 * look-up missing, nothing that comes to a door's chains gets out of them unrefused, unless its
 * source is trusted or a socket of the host vouches for it. Where a gate remembers sources alone
 * what passes falls off the end of the door's chains.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePolicy, type Memory } from "../../src/compile/index.ts";
import type { Match, Program, Rule } from "../../src/program/index.ts";
import { policies } from "../scenarios/arbitrary.ts";
import { readExamples, readGoldens } from "../setup/goldens.ts";
import { MEMORIES, policyOf, programOf } from "../setup/policy.ts";
import { chainNamed, targetOf } from "./programs.ts";

type End = "pass" | "drop" | "reset" | typeof FALLS;

const FALLS = "fell off the end";

/** Every way in which a packet may leave the chain, of those with `only` such rules. */
function endsOf(program: Program, chain: string, only: (rule: Rule) => boolean): Set<End> {
  const ends = new Set<End>();
  for (const rule of chainNamed(program, chain).rules.filter(only)) {
    const { ways, mayGoOn } = leadsTo(program, rule, only);
    for (const way of ways) ends.add(way);
    if (rule.when.length === 0 && !mayGoOn) return ends;
  }
  return ends.add(FALLS);
}

/** What becomes of a packet that the rule matches; `mayGoOn`: perhaps the next rule meets it. */
function leadsTo(
  program: Program,
  { to }: Rule,
  only: (rule: Rule) => boolean,
): { ways: readonly End[]; mayGoOn: boolean } {
  switch (to.kind) {
    case "next":
      return { ways: [], mayGoOn: true };
    case "pass":
    case "drop":
    case "reset":
      return { ways: [to.kind], mayGoOn: false };
    case "return":
      return { ways: [FALLS], mayGoOn: false };
    case "goto":
      return { ways: [...endsOf(program, to.chain, only)], mayGoOn: false };
    case "jump": {
      const ends = endsOf(program, to.chain, only);
      return { ways: [...ends].filter((end) => end !== FALLS), mayGoOn: ends.has(FALLS) };
    }
  }
}

const LOOKS_UP: readonly Match["kind"][] = ["member", "spend"];
const VOUCHES: readonly Match["kind"][] = ["source", "bound-socket", "has-socket"];

function asks({ when }: Rule, kinds: readonly Match["kind"][]): boolean {
  return when.some(({ kind }) => kinds.includes(kind));
}

/** The chains that packets to a door come to, by name. */
function doorChains({ chains }: Program): string[] {
  return chains
    .map(({ name }) => name)
    .filter((name) => /^(tcp|udp|new|existing|listener|remembered|elsewhere|refuse)_/.test(name));
}

function forEveryProgram(memory: Memory, claim: (program: Program) => void): void {
  for (const { policy } of [...readGoldens(), ...readExamples()]) {
    claim(compilePolicy(policyOf(policy), {}, memory));
  }
  const any = policies(["203.0.113.0/24", "2001:db8:7::/48"], ["192.0.2.11", "2001:db8::11"]);
  fc.assert(fc.property(any, (policy) => claim(compilePolicy(policy, {}, memory))));
}

test.each(MEMORIES)(
  "with every look-up missing, all that comes to a door is refused (%s)",
  (of) => {
    forEveryProgram(of, (program) => {
      for (const chain of doorChains(program)) {
        const ends = endsOf(program, chain, (rule) => !asks(rule, [...LOOKS_UP, ...VOUCHES]));
        expect([chain, [...ends].filter((end) => end === "pass" || end === FALLS)]).toEqual([
          chain,
          [],
        ]);
      }
    });
  },
);

test("whatever the look-ups say, nothing leaves a door undecided", () => {
  forEveryProgram("connections", (program) => {
    for (const chain of doorChains(program)) {
      expect([chain, endsOf(program, chain, () => true).has(FALLS)]).toEqual([chain, false]);
    }
  });
});

/** What comes there passes, or nearly so. */
const PASSES = /^(pass|half)_/;

test("every way past a door begins at a look-up that finds, at trust, or at a socket", () => {
  forEveryProgram("connections", ({ chains }) => {
    const outside = chains.filter(({ name }) => !PASSES.test(name)).flatMap(({ rules }) => rules);
    for (const rule of outside) {
      const passes = rule.to.kind === "pass" || PASSES.test(targetOf(rule) ?? "");
      if (passes) expect(asks(rule, [...LOOKS_UP, ...VOUCHES])).toBe(true);
    }
  });
});

test("every way out of a door but refusal begins there as well where sources are remembered", () => {
  forEveryProgram("sources", (program) => {
    for (const chain of doorChains(program)) {
      for (const rule of chainNamed(program, chain).rules) {
        const lets = rule.to.kind === "return" || PASSES.test(targetOf(rule) ?? "");
        if (lets) expect(asks(rule, [...LOOKS_UP, ...VOUCHES])).toBe(true);
      }
    }
  });
});

test("the ways that are looked at here are those of the packets", () => {
  const text = "doors: { ssh: { protects: [tcp/22, udp/5060], refuse: reset } }";
  const program = programOf(text);
  expect(doorChains(program)).toEqual([
    "tcp_ssh",
    "new_ssh",
    "existing_ssh",
    "listener_ssh",
    "remembered_ssh",
    "udp_ssh",
    "refuse_ssh",
  ]);
  expect(endsOf(program, "new_ssh", () => true)).toEqual(new Set(["pass", "reset"]));
  expect(endsOf(program, "refuse_ssh", () => true)).toEqual(new Set(["reset"]));
  expect(endsOf(program, "door_ssh", () => true)).toContain(FALLS);
  const other = programOf(text, "sources");
  const more = ["tcp_ssh", "listener_ssh", "elsewhere_ssh", "new_ssh", "udp_ssh", "refuse_ssh"];
  expect(doorChains(other)).toEqual(more);
  for (const chain of more.slice(0, 4)) {
    expect(endsOf(other, chain, () => true)).toEqual(new Set(["reset", FALLS]));
  }
});
