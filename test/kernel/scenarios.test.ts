/** The scenario table, told to every real gate: all stories of a policy at once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { judgeByModel } from "../scenarios/judges.ts";
import { parseStory, policyNamed, type Script } from "../scenarios/parse-story.ts";
import {
  asOnSources,
  IPV6_SCENARIOS,
  POLICIES,
  SCENARIOS,
  type Scenario,
} from "../scenarios/scenarios.ts";
import { castOf } from "./casts.ts";
import { HOLDERS, type Holder } from "./holders.ts";
import { makeNetwork, type Network } from "./network.ts";
import { type Told, tellStories } from "./telling.ts";

/** Time for a command to be given between two packets. */
const BEAT_SECONDS = 0.2;

/** Networks that tell stories at the same time: with more, commands come too late, and all is told again. */
const SIDE_BY_SIDE = 4;

type PolicyName = keyof typeof POLICIES;

interface Part extends Scenario {
  readonly family: Family;
  readonly holder: Holder;
}

const PARTS: readonly Part[] = HOLDERS.flatMap((holder) =>
  [
    ...SCENARIOS.flatMap((scenario) => FAMILIES.map((family) => ({ ...scenario, family }))),
    ...IPV6_SCENARIOS.map((scenario) => ({ ...scenario, family: "ipv6" as const })),
  ]
    .map((part) => (holder.memory === "sources" ? { ...part, ...asOnSources(part) } : part))
    .map((part) => ({ ...part, holder }))
    .filter(({ policy }) => canHold(holder, policy)),
);

/** iptables has no answers to give, and no sets of what packets hold. */
function canHold({ memory }: Holder, name: PolicyName): boolean {
  return memory === "connections" || (name !== "reset" && !/^(token|signed)/.test(name));
}

interface Outcome {
  readonly passed: Told["passed"];
  readonly script: Script;
}

const outcomes = new Map<Part, Outcome>();
let networks: Network[] = [];

beforeAll(async () => {
  networks = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => makeNetwork()));
  const names = Object.keys(POLICIES) as PolicyName[];
  const plays = names.flatMap((name) =>
    HOLDERS.filter((holder) => canHold(holder, name)).map((holder) => ({ name, holder })),
  );
  await Promise.all(
    networks.map(async (network) => {
      for (let play = plays.shift(); play !== undefined; play = plays.shift()) {
        await perform(network, play.name, play.holder);
      }
    }),
  );
}, 300_000);
afterAll(() => {
  for (const network of networks) network.remove();
});

async function perform(network: Network, name: PolicyName, holder: Holder): Promise<void> {
  const parts = PARTS.filter((part) => part.policy === name && part.holder === holder);
  const casts = parts.map(({ family }, n) => castOf(network, family, n));
  const policy = policyNamed(name, casts);
  const scripts = new Map(
    parts.flatMap((part, n) => {
      const cast = casts[n];
      return cast === undefined ? [] : [[part, parseStory(part.story, cast, BEAT_SECONDS)]];
    }),
  );
  await tellAll(network, policy, holder, scripts);
}

/**
 * Those that went in an order which nobody can tell are told again, and those that a busy
 * machine told so late that by its own clock they mean something else.
 */
async function tellAll(
  network: Network,
  policy: Policy,
  holder: Holder,
  scripts: ReadonlyMap<Part, Script>,
): Promise<void> {
  const told = await tellStories(
    network,
    policy,
    [...scripts.values()].map(({ story }) => story),
    holder,
  );
  const again = new Map<Part, Script>();
  for (const [n, [part, script]] of [...scripts].entries()) {
    const one = told[n];
    if (one === undefined || !wentAsWritten(policy, holder, one, script)) again.set(part, script);
    else outcomes.set(part, { passed: one.passed, script });
  }
  if (again.size > 0) await tellAll(network, policy, holder, again);
}

function wentAsWritten(
  policy: Policy,
  { memory }: Holder,
  { story }: Told,
  { passes }: Script,
): boolean {
  const meant = judgeByModel(policy, story, memory).map((outcome) => outcome && outcome === "pass");
  return String(meant) === String(passes);
}

describe.each(HOLDERS)("$name", (by) => {
  describe.each(FAMILIES)("over %s", (over) => {
    const parts = PARTS.filter(({ family, holder }) => family === over && holder === by);

    test.each(parts)("$claim ($policy)", (part) => {
      const outcome = outcomes.get(part);
      expect(outcome?.passed).toEqual(outcome?.script.passes);
      expect(outcome).toBeDefined();
    });
  });
});
