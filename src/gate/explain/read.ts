/** Explains a source to the gate that stands on this host. */
import type { Host } from "../../host/index.ts";
import { type Address, printAddress } from "../../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { readAddresses } from "../check/addresses.ts";
import { findWaysAround } from "../check/around-doors.ts";
import { readPaths } from "../check/bypass/index.ts";
import { type LiveGate, readLiveGate } from "../live-policy.ts";
import { type Explanation, explainSource } from "./explain.ts";
import { isLoopbackSource } from "./visit.ts";

/**
 * @param file the policy of this host, in case the gate does not know its own.
 * @param door the only one that is asked about.
 */
export async function readExplanation(
  host: Host,
  file: string,
  source: Address,
  door?: string,
): Promise<Result<Explanation>> {
  const gate = await readLiveGate(host, file);
  if (!gate.ok) return gate;
  const { doors } = gate.value.placed.policy;
  if (door !== undefined && !doors.some(({ name }) => name === door)) {
    return fail(noSuchDoor(gate.value, door));
  }
  const { placed } = gate.value;
  const [isOfThisHost, paths, ways] = await Promise.all([
    isOfHost(host, source),
    readPaths(host, placed.policy, [source]),
    findWaysAround(host, placed),
  ]);
  const explanation = explainSource(gate.value, source, isOfThisHost, door, paths);
  const { beforeGate } = explanation;
  return ok({ ...explanation, beforeGate: [...beforeGate, ...ways.map(({ what }) => what)] });
}

async function isOfHost(host: Host, source: Address): Promise<boolean> {
  if (isLoopbackSource(source)) return true;
  const own = (await readAddresses(host)) ?? [];
  return own.some((address) => printAddress(address) === printAddress(source));
}

function noSuchDoor({ placed }: LiveGate, door: string): Problem {
  return {
    code: "no-such-door",
    severity: "error",
    what: `the gate has no door called ${JSON.stringify(door)}`,
    fix: `name one of its doors: ${placed.policy.doors.map(({ name }) => name).join(", ")}`,
  };
}
