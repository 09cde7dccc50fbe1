/** The scenario table, told to real nftables: all stories of a policy at once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { judgeByModel } from "../scenarios/judges.ts";
import { parseStory, policyNamed, type Script } from "../scenarios/parse-story.ts";
import { IPV6_SCENARIOS, POLICIES, SCENARIOS, type Scenario } from "../scenarios/scenarios.ts";
import { castOf } from "./casts.ts";
import { makeNetwork, type Network } from "./network.ts";
import { type Told, tellStories } from "./telling.ts";

/** Time for a command to be given between two packets. */
const BEAT_SECONDS = 0.2;

/** Networks that tell stories at the same time. */
const SIDE_BY_SIDE = 6;

interface Part extends Scenario {
  readonly family: Family;
}

const PARTS: readonly Part[] = [
  ...SCENARIOS.flatMap((scenario) => FAMILIES.map((family) => ({ ...scenario, family }))),
  ...IPV6_SCENARIOS.map((scenario) => ({ ...scenario, family: "ipv6" as const })),
];

interface Outcome {
  readonly passed: Told["passed"];
  readonly script: Script;
}

const outcomes = new Map<Part, Outcome>();
let networks: Network[] = [];

beforeAll(async () => {
  networks = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => makeNetwork()));
  const names = Object.keys(POLICIES) as (keyof typeof POLICIES)[];
  await Promise.all(
    networks.map(async (network, lane) => {
      for (const name of names.filter((_, n) => n % networks.length === lane)) {
        await perform(network, name);
      }
    }),
  );
}, 300_000);
afterAll(() => {
  for (const network of networks) network.remove();
});

async function perform(network: Network, name: keyof typeof POLICIES): Promise<void> {
  const parts = PARTS.filter(({ policy }) => policy === name);
  const casts = parts.map(({ family }, n) => castOf(network, family, n));
  const policy = policyNamed(name, casts);
  const scripts = new Map(
    parts.flatMap((part, n) => {
      const cast = casts[n];
      return cast === undefined ? [] : [[part, parseStory(part.story, cast, BEAT_SECONDS)]];
    }),
  );
  await tellAll(network, policy, scripts);
}

/**
 * Those that went in an order which nobody can tell are told again, and those that a busy
 * machine told so late that by its own clock they mean something else.
 */
async function tellAll(
  network: Network,
  policy: Policy,
  scripts: ReadonlyMap<Part, Script>,
): Promise<void> {
  const told = await tellStories(
    network,
    policy,
    [...scripts.values()].map(({ story }) => story),
  );
  const again = new Map<Part, Script>();
  for (const [n, [part, script]] of [...scripts].entries()) {
    const one = told[n];
    if (one === undefined || !wentAsWritten(policy, one, script)) again.set(part, script);
    else outcomes.set(part, { passed: one.passed, script });
  }
  if (again.size > 0) await tellAll(network, policy, again);
}

function wentAsWritten(policy: Policy, { story }: Told, { passes }: Script): boolean {
  const meant = judgeByModel(policy, story).map((outcome) => outcome && outcome === "pass");
  return String(meant) === String(passes);
}

describe.each(FAMILIES)("over %s", (over) => {
  test.each(PARTS.filter(({ family }) => family === over))("$claim ($policy)", (part) => {
    const outcome = outcomes.get(part);
    expect(outcome?.passed).toEqual(outcome?.script.passes);
    expect(outcome).toBeDefined();
  });
});
