import { compilePolicy, type Memory } from "../../src/compile/index.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { Program } from "../../src/program/index.ts";

/** A policy that has no problems, from the text that a person would write. */
export function policyOf(text: string, file = "policy.yaml"): Policy {
  const policy = parsePolicy(text, file);
  if (policy.ok) return policy.value;
  throw new Error(`policyOf: ${policy.problems.map(({ what }) => what).join("; ")}\n${text}`);
}

export function programOf(text: string, memory: Memory = "connections"): Program {
  return compilePolicy(policyOf(text), {}, memory);
}

/** The programs of a policy: for each thing that a gate can remember, one. */
export const MEMORIES: readonly Memory[] = ["connections", "sources"];
