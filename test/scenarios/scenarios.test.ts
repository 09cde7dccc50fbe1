/** The scenario table, told to the judges that need no kernel. */
import { describe, expect, test } from "vitest";
import { FAMILIES } from "../../src/policy/address.ts";
import { CASTS } from "./arbitrary.ts";
import { judgeByInterpreter, judgeByModel } from "./judges.ts";
import { limitsOf } from "./limits.ts";
import { parseStory, policyNamed } from "./parse-story.ts";
import { ANSWER_SCENARIOS, asOnSources, IPV6_SCENARIOS, SCENARIOS } from "./scenarios.ts";

describe.each(FAMILIES)("over %s", (family) => {
  const cast = CASTS[family];
  const scenarios = family === "ipv6" ? [...SCENARIOS, ...IPV6_SCENARIOS] : SCENARIOS;

  test.each([...scenarios, ...ANSWER_SCENARIOS])(
    "$claim ($policy)",
    ({ policy: name, story: text }) => {
      const policy = policyNamed(name, [cast]);
      const { story, passes } = parseStory(text, cast);
      expect(passed(judgeByModel(policy, story)), "the model").toEqual(passes);
      expect(passed(judgeByInterpreter(policy, story)), "the interpreter").toEqual(passes);
    },
  );

  test.each(scenarios.map(asOnSources))("by sources: $claim ($policy)", (scenario) => {
    const policy = policyNamed(scenario.policy, [cast]);
    const { story, passes } = parseStory(scenario.story, cast);
    const meant = judgeByModel(policy, story, "sources");
    expect(passed(meant), "the model, with the limits").toEqual(passes);
    const interpreted = judgeByInterpreter(policy, story, "sources");
    expect(passed(interpreted), "the interpreter").toEqual(passes);
  });

  test.each(scenarios)("only a limit lets sources differ: $claim ($policy)", (scenario) => {
    const { story, passes } = parseStory(scenario.story, cast);
    const limited = limitsOf(policyNamed(scenario.policy, [cast]), story).some(Boolean);
    expect(scenario.onSources !== undefined).toBe(limited);
    const other = parseStory(asOnSources(scenario).story, cast);
    expect([other.story, limited]).toEqual([story, String(other.passes) !== String(passes)]);
  });
});

function passed(outcomes: readonly (string | undefined)[]): (boolean | undefined)[] {
  return outcomes.map((outcome) => (outcome === undefined ? undefined : outcome === "pass"));
}
