/** Small makers of rules, so that the chains read as sentences. */
import { FAMILIES, type Family } from "../policy/address.ts";
import type { Door, Step } from "../policy/policy.ts";
import type { Action, Chain, Match, Rule, TimedSet, Verdict } from "../program/program.ts";
import type { Pair } from "./sets.ts";

export const PASS: Verdict = { kind: "pass" };
export const RETURN: Verdict = { kind: "return" };
export const NEXT: Verdict = { kind: "next" };

export function goto(chain: string): Verdict {
  return { kind: "goto", chain };
}

export function jump(chain: string): Verdict {
  return { kind: "jump", chain };
}

export function rule(when: readonly Match[], to: Verdict, note?: string): Rule {
  return { when, then: [], to, ...(note === undefined ? {} : { note }) };
}

export function doing(when: readonly Match[], then: readonly Action[], to = NEXT): Rule {
  return { when, then, to };
}

/** Of each pair the set of one family. */
export type OfFamily = (pair: Pair) => TimedSet;

/** The rule once for each address family, over that family's set of each pair. */
export function forEachFamily(make: (of: OfFamily, family: Family) => Rule): Rule[] {
  return FAMILIES.map((family) => make((pair) => pair[family], family));
}

export function chain(name: string, note: string, ...rules: readonly Rule[]): Chain {
  return { name, note, rules };
}

export function member(of: TimedSet): Match {
  return { kind: "member", of };
}

export function remember(set: TimedSet, seconds: number, renew: boolean): Action {
  return { kind: "remember", in: set, seconds, renew };
}

export function forget(set: TimedSet): Action {
  return { kind: "forget", in: set };
}

/** The packets that are this step: any one of the lists of matches. */
export function packetsOf(step: Step): readonly (readonly Match[])[] {
  if (step.kind === "ping") {
    return FAMILIES.map((family) => [
      { kind: "echo-request", family, payloadBytes: step.payloadBytes },
    ]);
  }
  const protocols = step.protocol === "either" ? (["tcp", "udp"] as const) : [step.protocol];
  return protocols.map((is) => [
    { kind: "protocol", is },
    { kind: "to-port", first: step.port, last: step.port },
  ]);
}

export function takes({ protects }: Door, protocol: "tcp" | "udp"): boolean {
  return protects.some((service) => service.protocol === protocol);
}
