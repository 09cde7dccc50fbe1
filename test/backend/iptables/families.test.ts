/** What the text for both families says to each of them. */
import { expect, test } from "vitest";
import { printRules } from "../../../src/backend/iptables/index.ts";
import { compilePolicy } from "../../../src/compile/index.ts";
import { policyOf } from "../../setup/policy.ts";

const POLICY = policyOf(`
ipv6-prefix: 64
ban: { after: 5, within: 1m, for: 1h }
doors:
  ssh: { protects: [tcp/22, udp/22], single-use: true, sequence: { steps: [51001, udp/54040] } }
`);
const LINES = printRules(compilePolicy(POLICY, {}, "sources")).flatMap((line) => {
  const names = [...line.matchAll(/ --name (postern-\S+)/g)].map(([, name]) => name ?? "");
  return names.map((list) => ({ line, list, isOfIpv6: /6-\w+-[0-9a-f]{8}$/.test(list) }));
});

// Whoever names a list first says how addresses in it are cut, and the kernel hears nobody else.
test("a list of IPv6 sources is named by rules of IPv6 alone, and always with its prefix", () => {
  const named = LINES.filter(({ isOfIpv6 }) => isOfIpv6);
  expect(new Set(named.map(({ list }) => list)).size).toBeGreaterThan(5);
  for (const { line, list } of named) {
    expect(line).toMatch(/^-A \S+ -6 /);
    expect(line.split(` --name ${list}`).slice(1)).not.toContainEqual(
      expect.not.stringMatching(/^ --mask ffff:ffff:ffff:ffff:: ?/),
    );
  }
});

test("a list of IPv4 sources is named by rules of IPv4 alone", () => {
  const named = LINES.filter(({ isOfIpv6, list }) => !isOfIpv6 && list !== "postern-clock");
  expect(new Set(named.map(({ list }) => list)).size).toBeGreaterThan(5);
  for (const { line } of named) expect(line).toMatch(/^-A \S+ -4 /);
});
