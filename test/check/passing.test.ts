/** What passes the check is opened by no scan, as the model and the compiled rules say. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { checkPolicy } from "../../src/check/index.ts";
import { firstOpening, targetAt } from "../../src/check/judge.ts";
import { type Knock, scansOf } from "../../src/check/scans.ts";
import { holdsGrant, pastOf, reasonFor, type Story } from "../../src/model/index.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { KNOWN, storiesOf } from "./scanners.ts";
import { knockAt, openedInRules, packetOf, weakPolicies } from "./weak-policies.ts";

/** The doors that the model sees open at some time. */
function openedInModel(policy: Policy, knocks: readonly Knock[]): string[] {
  const story: Story = knocks.map((knock) => ({
    kind: "packet",
    at: 0,
    packet: packetOf(knock, "ipv6"),
  }));
  const past = pastOf(policy, story);
  const { source } = packetOf({ protocol: "ping", payloadBytes: 0 }, "ipv6");
  return policy.doors
    .filter(
      (door) =>
        holdsGrant(past, door, source, story.length, 0) ||
        // A grant for one connection may have been used by the scan itself.
        story.some((_, n) => reasonFor(past, n) === "grant"),
    )
    .map(({ name }) => name);
}

// Every scan in full is many packets.
vi.setConfig({ testTimeout: 120_000 });

const LONGEST_FOR_MODEL = 48;

const SCANS = scansOf(KNOWN);

/** Whether a scan of the table opens a door: lists of well-known ports are another matter. */
function isWeak({ policy }: Parameters<typeof checkPolicy>[0]): boolean {
  return policy.doors.some(
    (door) =>
      door.sequence !== undefined &&
      firstOpening(targetAt(policy, door, door.sequence), SCANS) !== undefined,
  );
}

test("no scan, packet by packet, opens a door of a policy that passes", () => {
  let stories = 0;
  let modelled = 0;
  fc.assert(
    fc.property(
      weakPolicies.filter((placed) => !isWeak(placed)),
      fc.integer({ min: 1, max: 40 }),
      ({ policy }, every) => {
        const seen = new Set<string>();
        for (const { name, knocks } of storiesOf(knockAt(policy, policy.doors))) {
          const key = JSON.stringify(knocks);
          if (seen.has(key)) continue;
          seen.add(key);
          if (seen.size % every !== 0 && seen.size > 40) continue;
          stories += 1;
          expect(openedInRules(policy, knocks), name).toEqual([]);
          if (knocks.length > LONGEST_FOR_MODEL || seen.size % 5 !== 0) continue;
          modelled += 1;
          expect(openedInModel(policy, knocks), name).toEqual([]);
        }
      },
    ),
    { numRuns: 8 },
  );
  expect([stories > 300, modelled > 10]).toEqual([true, true]);
});

function openingStory(policy: Policy): readonly Knock[] | undefined {
  for (const { knocks } of storiesOf(knockAt(policy, policy.doors))) {
    if (openedInRules(policy, knocks).length > 0) return knocks;
  }
  return undefined;
}

test("a policy that does not pass is opened by one of the scans, as both say", () => {
  let modelled = 0;
  fc.assert(
    fc.property(
      weakPolicies.filter((placed) => isWeak(placed)),
      ({ policy }) => {
        const unused = { ...policy, ban: undefined };
        const opening = openingStory(unused);
        expect(opening).toBeDefined();
        if (opening === undefined || opening.length > LONGEST_FOR_MODEL) return;
        modelled += 1;
        expect(openedInModel(unused, opening)).not.toEqual([]);
      },
    ),
    { numRuns: 10 },
  );
  expect(modelled).toBeGreaterThan(2);
});
