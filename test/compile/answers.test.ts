/** Which gates look at what leaves the host: none that need not. */
import { describe, expect, test } from "vitest";
import { namesIn, printNftables } from "../../src/backend/nftables/print.ts";
import { compilePolicy, type Memory, type Surroundings } from "../../src/compile/index.ts";
import { address } from "../scenarios/arbitrary.ts";
import { policyOf } from "../setup/policy.ts";

const POLICY = `
doors:
  ssh: { protects: [tcp/22, udp/60001], sequence: { steps: [51001] } }
  vpn: { protects: udp/51820, sequence: { steps: [51003] } }
`;
const AT_22 = { address: address("198.51.100.1"), port: 22 };

function made(around: Partial<Surroundings>, memory: Memory = "connections", policy = POLICY) {
  const program = compilePolicy(policyOf(policy), around, memory);
  const answered = program.sets.filter(({ role }) => role.kind === "answered");
  return { program, answered: answered.map(({ name }) => name) };
}

describe("what leaves the host meets no rule of a gate", () => {
  test.each([
    ["whose services are all here", {}],
    ["whose other door, for UDP alone, has its service elsewhere", { elsewhere: ["vpn"] }],
    [
      "before which a service of no door listens on one address",
      { bound: [{ ...AT_22, port: 80 }] },
    ],
  ])("%s", (_, around) => {
    const { program, answered } = made(around);
    expect([program.answerChains, answered]).toEqual([[], []]);
    expect(printNftables(program)).not.toContain("hook postrouting");
  });

  test("that remembers sources", () => {
    const { program, answered } = made({ bound: [AT_22], elsewhere: ["ssh"] }, "sources");
    expect([program.answerChains, answered]).toEqual([[], []]);
  });
});

describe("answers are looked for where", () => {
  test.each([
    ["a service listens on one address", { bound: [AT_22] }, POLICY],
    ["a service is elsewhere", { elsewhere: ["ssh"] }, POLICY],
    [
      "a door has destinations",
      {},
      POLICY.replace("tcp/22, udp/60001]", "tcp/22], destinations: [203.0.113.7]"),
    ],
  ])("%s", (_, around, policy) => {
    const { program, answered } = made(around, "connections", policy);
    expect(answered).toEqual(["ssh_answered4", "ssh_answered6"]);
    expect(namesIn(program)).toEqual(
      expect.arrayContaining(["chain postrouting", "chain answers", "set ssh_answered4"]),
    );
    expect(printNftables(program)).toContain(`
        type filter hook postrouting priority srcnat + 10; policy accept;
        tcp flags & (syn | rst) != 0 goto answers
    }
`);
  });
});
