/** What the documents recommend stands up to what `check` tries. */
import { describe, expect, test } from "vitest";
import { checkPolicy } from "../../src/check/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { seededChance } from "../setup/chance.ts";
import { readExamples } from "../setup/goldens.ts";
import { sure } from "../setup/sure.ts";

/** Linux's own choice: net.ipv4.ip_local_port_range in ip-sysctl.rst. */
const EPHEMERAL = { first: 32768, last: 60999 };

describe.each(readExamples())("$name", ({ name, policy }) => {
  const placed = sure(parsePlacedPolicy(policy, name));

  test("no scan opens a door of it, and chance does not", () => {
    expect(
      checkPolicy(placed, { commonPorts: undefined, chance: seededChance(1) }).problems,
    ).toEqual([]);
  });

  test("watches no ports that an ordinary host asks from", () => {
    for (const { sequence } of placed.policy.doors) {
      if (sequence?.watch === undefined) continue;
      const { first, last } = sequence.watch;
      expect(first > EPHEMERAL.last || last < EPHEMERAL.first).toBe(true);
    }
  });
});
