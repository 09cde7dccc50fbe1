/** A gate that others have taken a part away from is told from a whole one, and from theirs. */
import { describe, expect, test } from "vitest";
import { gapIn, isOfOthers, parseSaved, printRules } from "../../../src/backend/iptables/index.ts";
import { programOf } from "../../setup/policy.ts";

const RULES = printRules(
  programOf("doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }", "sources"),
);
const CHAINS = RULES.filter((line) => line.startsWith(":"));
const JUMP = "-A PREROUTING -j POSTERN";

const saved = (lines: readonly string[]) => parseSaved([...lines, "COMMIT", ""].join("\n"));

describe("a gate of which", () => {
  test.each([
    ["nothing is gone", [...RULES, JUMP], undefined],
    ["the jump is behind a rule of others", [...RULES, "-A PREROUTING -j ACCEPT", JUMP], undefined],
    ["nothing is left", [], "gone"],
    ["the chains alone are left", [...CHAINS, JUMP], "emptied"],
    [
      "the first chain is empty",
      [...RULES.filter((r) => !r.startsWith("-A POSTERN ")), JUMP],
      "emptied",
    ],
    ["the jump is gone", RULES, "not reached"],
    ["the jump asks for more", [...RULES, "-A PREROUTING -i eth0 -j POSTERN"], "not reached"],
    ["the jump is from elsewhere", [...RULES, "-A OUTPUT -j POSTERN"], "not reached"],
  ] as const)("%s has the gap %j", (_, lines, gap) => {
    expect(gapIn(saved(lines))).toBe(gap);
    expect(isOfOthers(saved(lines))).toBe(false);
  });
});

test.each([
  ["empty", [":POSTERN - [0:0]"]],
  ["with rules of theirs", [...CHAINS, "-A POSTERN -j ACCEPT"]],
])("chains of our name, %s, are not taken for ours", (_, lines) => {
  expect(isOfOthers(saved(lines))).toBe(true);
});
