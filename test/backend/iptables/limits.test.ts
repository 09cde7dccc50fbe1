/** What a policy asks that iptables cannot say, and that there is nothing else. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { limitsOf, printRules } from "../../../src/backend/iptables/index.ts";
import { compilePolicy } from "../../../src/compile/index.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../../../src/policy/parse.ts";
import { renderProblem } from "../../../src/problem/render.ts";
import { validPolicy } from "../../policy/arbitrary.ts";
import { sure } from "../../setup/sure.ts";

function placed(text: string): PlacedPolicy {
  return sure(parsePlacedPolicy(text, "policy.yaml"));
}

function print({ policy }: PlacedPolicy): string[] {
  return printRules(compilePolicy(policy, {}, "sources"));
}

test("each is told where it is written, with what to write instead", () => {
  const problems = limitsOf(
    placed(`ban: { after: 256, within: 1m, for: 1h }
doors:
  ssh: { protects: tcp/22, refuse: reset }
  web: { protects: tcp/80, refuse: drop }
  dns: { protects: udp/53, refuse: reset }
`),
  );
  const shown = problems.map((problem) => renderProblem(problem, { colour: false })).join("\n\n");
  expect(shown).toBe(
    `policy.yaml:1:8: error: a ban after 256 wrong steps is more than iptables can count: its xt_recent keeps 255 of each source [too-many-to-count]
1 | ban: { after: 256, within: 1m, for: 1h }
  |        ^^^^^
  = fix: write a number from 1 to 255, or \`backend: nftables\` where the host has it

policy.yaml:3:28: error: door ssh is to answer with a reset, which iptables can do only in tables behind the one where the gate stands [reset-needs-nftables]
3 |   ssh: { protects: tcp/22, refuse: reset }
  |                            ^^^^^^
  = fix: write \`refuse: drop\`, or \`backend: nftables\` where the host has it

policy.yaml:5:28: error: door dns is to answer with a reset, which iptables can do only in tables behind the one where the gate stands [reset-needs-nftables]
5 |   dns: { protects: udp/53, refuse: reset }
  |                            ^^^^^^
  = fix: write \`refuse: drop\`, or \`backend: nftables\` where the host has it`,
  );
});

test("what opens by what packets hold is told, and its rules are never printed", () => {
  const signed = placed("doors: { ssh: { protects: tcp/22, signed: { carriers: [ping] } } }");
  const [problem] = limitsOf(signed);
  expect(problem).toMatchObject({ code: "signed-needs-nftables", severity: "error" });
  expect(problem?.place?.column).toBe(35);
  expect(() => print(signed)).toThrow("iptables cannot say whole");
  const token = placed("doors: { ssh: { protects: tcp/22, token: { carriers: [ping] } } }");
  expect(limitsOf(token).map(({ code }) => code)).toEqual(["token-needs-nftables"]);
  const both = placed(
    "doors: { ssh: { protects: tcp/22, token: { carriers: [ping] }, signed: { carriers: [ping] } } }",
  );
  expect(limitsOf(both).map(({ code }) => code)).toEqual([
    "token-needs-nftables",
    "signed-needs-nftables",
  ]);
});

test("a policy that asks for nothing of it has no limits", () => {
  const text = "ban: { after: 255, within: 1m, for: 1h }\ndoors: { ssh: { protects: tcp/22 } }\n";
  expect(limitsOf(placed(text))).toEqual([]);
});

test("of every policy without limits the rules can be printed, and of one with a reset never", () => {
  let printed = 0;
  fc.assert(
    fc.property(validPolicy, (fields) => {
      const policy = placed(stringify(fields, { version: "1.1" }));
      const codes = limitsOf(policy).map(({ code }) => code);
      if (codes.includes("reset-needs-nftables")) expect(() => print(policy)).toThrow("reset");
      else expect(print(policy)[0]).toBe("*raw");
      if (codes.length === 0) printed += 1;
    }),
    { numRuns: 300 },
  );
  expect(printed).toBeGreaterThan(30);
});
