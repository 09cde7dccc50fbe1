/** Policy text to {@link Policy}, with every problem at once. */
import { fail, ok, type Result } from "../problem/problem.ts";
import { checkAcross } from "./across.ts";
import { finish } from "./finish.ts";
import { foreignProblem } from "./foreign.ts";
import { POLICY } from "./keys.ts";
import { type Places, placesOf } from "./places.ts";
import type { Policy } from "./policy.ts";
import { readFile } from "./read.ts";
import { sourceOf } from "./text/source.ts";

/** A policy, and where in its file its parts stand. */
export interface PlacedPolicy {
  readonly policy: Policy;
  readonly places: Places;
}

/** Reads a policy; `file` is what the problems call it. Never throws, whatever the text. */
export function parsePolicy(text: string, file: string): Result<Policy> {
  const placed = parsePlacedPolicy(text, file);
  return placed.ok ? ok(placed.value.policy) : placed;
}

/** The same for those who have something to say about the policy, and want to point at it. */
export function parsePlacedPolicy(text: string, file: string): Result<PlacedPolicy> {
  const read = readFile(text, file, {
    name: "a policy",
    code: "not-a-policy",
    shape: POLICY,
    check: (fields) => checkAcross(fields.doors.value ?? []),
  });
  if (read.ok) return ok({ policy: finish(read.value), places: placesOf(read.value) });
  const foreign = foreignProblem(sourceOf(text, file));
  return foreign === undefined ? read : fail(foreign);
}
