import { expect, test } from "vitest";
import { fingerprintOf } from "../../src/compile/index.ts";
import { policyOf } from "../setup/policy.ts";

const of = (text: string) => fingerprintOf(policyOf(text));
const POLICY = "trusted: [192.0.2.0/24]\ndoors: { ssh: { protects: tcp/22 } }\n";

test("how a policy is laid out does not change its fingerprint", () => {
  expect(
    of(
      "# ours\ndoors:\n  ssh:\n    protects: tcp/22\n    open-for: 10s\ntrusted:\n  - 192.0.2.0/24\n",
    ),
  ).toBe(of(POLICY));
});

test.each([
  ["a port", "22", "23"],
  ["an address", "192.0.2", "192.0.3"],
  ["a door's name", "ssh", "sch"],
])("%s changes it", (_, from, to) => {
  expect(of(POLICY.replace(from, to))).not.toBe(of(POLICY));
});
