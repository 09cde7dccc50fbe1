/** Where a door shows whether it has opened, and when nobody asks it to. */
import { expect, test } from "vitest";
import { clientDoorsOf, planOf } from "../../../src/client/index.ts";
import { policyOf } from "../../setup/policy.ts";

function planFor(keys: string, wait: boolean) {
  const [door] = clientDoorsOf(policyOf(`doors: { d: { ${keys}, sequence: { steps: [51000] } } }`));
  if (door === undefined) throw new Error("planFor: no door");
  const { tryPorts, isHurried } = planOf(door, { wait });
  return { tryPorts, isHurried };
}

test.each([
  ["protects: tcp/22", [22]],
  ["protects: [tcp/443, udp/443, tcp/8000-8010]", [443, 8000]],
  ["protects: udp/500", []],
  ["protects: tcp/22, single-use: true", []],
] as const)("a door that has %s is tried at %j", (keys, tryPorts) => {
  expect(planFor(keys, true)).toEqual({ tryPorts, isHurried: false });
});

test("nothing is tried by who does not wait, and it has to be quick", () => {
  expect(planFor("protects: tcp/22", false)).toEqual({ tryPorts: [], isHurried: true });
});

test("who knocks looks for a connection, and uses none", () => {
  const [door] = clientDoorsOf(
    policyOf("doors: { d: { protects: tcp/22, sequence: { steps: [1] } } }"),
  );
  expect(door && planOf(door, { wait: true }).isLook).toBe(true);
});
