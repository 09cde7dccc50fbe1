/** Which packets the list `interfaces` lets into a gate. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chainsAtEntry } from "../../src/compile/entry.ts";
import { coversInterface, exampleInterface } from "../../src/policy/interfaces.ts";
import { emptyState, runPacket } from "../../src/program/index.ts";
import { PACKETS } from "../program/language.ts";
import { MEMORIES, policyOf, programOf } from "../setup/policy.ts";

const policyWith = (list: readonly string[]) =>
  `interfaces: ${JSON.stringify(list)}\ndoors: { ssh: { protects: tcp/22 } }\n`;

const ENTRY = { name: "first", inside: "gate", note: "" };

/** What the first chain of a policy with these interfaces asks, rule by rule. */
function askedBy(...list: readonly string[]): string[] {
  const [first] = chainsAtEntry(policyOf(policyWith(list)), ENTRY, []);
  return (first?.rules ?? []).map(({ when, to }) => {
    const [match] = when;
    const name = match?.kind === "interface" ? `${match.name}${match.isPrefix ? "*" : ""} ` : "";
    return `${name}${to.kind}`;
  });
}

describe("each packet is compared", () => {
  test.each([
    ["with each name", ["eth0", "ppp*"], ["eth0 goto", "ppp* goto"]],
    ["with what is left out first", ["eth*", "!eth1"], ["eth1 return", "eth* goto"]],
    ["with nothing that takes nothing away", ["eth0", "!lan0"], ["eth0 goto"]],
    [
      "with what is left out of everything",
      ["!lan0", "!veth*"],
      ["lan0 return", "veth* return", "goto"],
    ],
  ])("%s", (_, list, asked) => {
    expect(askedBy(...list)).toEqual(asked);
  });

  test("with nothing where the policy has no interfaces", () => {
    const policy = policyOf("doors: { ssh: { protects: tcp/22 } }");
    expect(chainsAtEntry(policy, ENTRY, [])).toEqual([{ name: "first", note: "", rules: [] }]);
  });
});

/** As an administrator reads the list, with regular expressions. */
function isCoveredByTheBook(list: readonly string[], name: string): boolean {
  const matches = (pattern: string) => new RegExp(`^${pattern.replace("*", ".*")}$`).test(name);
  const [out, names] = [
    list.filter((e) => e.startsWith("!")),
    list.filter((e) => !e.startsWith("!")),
  ];
  if (name === "lo" || out.some((entry) => matches(entry.slice(1)))) return false;
  return names.length === 0 || names.some(matches);
}

const NAMES = ["lo", "eth0", "eth1", "eth10", "e", "ppp0", "lan0", "l0"];
const ENTRIES = ["eth0", "eth1", "eth*", "eth1*", "e*", "ppp0", "ppp*", "l*", "lan0"];
const lists = fc
  .uniqueArray(fc.tuple(fc.constantFrom("", "!"), fc.constantFrom(...ENTRIES)), { minLength: 1 })
  .map((pairs) => pairs.map((pair) => pair.join("")))
  .map((list) => ({ list, policy: readable(list) }));

function readable(list: readonly string[]) {
  try {
    return policyOf(policyWith(list));
  } catch {
    return undefined;
  }
}

test.each(MEMORIES)("every list covers what it says, loopback never, on %s", (memory) => {
  fc.assert(
    fc.property(lists, fc.constantFrom(...NAMES), ({ list, policy }, name) => {
      fc.pre(policy !== undefined);
      const isCovered = isCoveredByTheBook(list, name);
      expect(coversInterface(policy?.interfaces ?? [], name)).toBe(isCovered);
      const packet = { ...PACKETS.syn, interface: name };
      const { outcome } = runPacket(programOf(policyWith(list), memory), emptyState(), packet, 0);
      expect(outcome).toBe(isCovered ? "drop" : "pass");
    }),
  );
});

test("an example of what is covered is covered", () => {
  for (const list of [["eth0"], ["eth*", "!eth"], ["!any"], ["!any", "!any0"], ["!lan0", "ppp*"]]) {
    const { interfaces } = policyOf(policyWith(list));
    expect(coversInterface(interfaces, exampleInterface(interfaces))).toBe(true);
  }
  expect(exampleInterface(policyOf(policyWith(["eth*", "!eth"])).interfaces)).toBe("eth0");
});
