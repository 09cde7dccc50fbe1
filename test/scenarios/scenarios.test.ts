/** The scenario table, told to the judges that need no kernel. */
import { describe, expect, test } from "vitest";
import { FAMILIES } from "../../src/policy/address.ts";
import { CASTS } from "./arbitrary.ts";
import { judgeByInterpreter, judgeByModel } from "./judges.ts";
import { parseStory, policyNamed } from "./parse-story.ts";
import { IPV6_SCENARIOS, SCENARIOS } from "./scenarios.ts";

describe.each(FAMILIES)("over %s", (family) => {
  const cast = CASTS[family];
  const scenarios = family === "ipv6" ? [...SCENARIOS, ...IPV6_SCENARIOS] : SCENARIOS;

  test.each(scenarios)("$claim ($policy)", ({ policy: name, story: text }) => {
    const policy = policyNamed(name, [cast]);
    const { story, passes } = parseStory(text, cast);
    const passed = (outcomes: readonly (string | undefined)[]) =>
      outcomes.map((outcome) => outcome && outcome === "pass");
    expect(passed(judgeByModel(policy, story)), "the model").toEqual(passes);
    expect(passed(judgeByInterpreter(policy, story)), "the interpreter").toEqual(passes);
  });
});
