/** What a host prints of a door for its clients. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { clientDoorsOf, printExport } from "../../../src/client/index.ts";
import { validPolicy } from "../../policy/arbitrary.ts";
import { policyOf } from "../../setup/policy.ts";

test("an export is a policy of one door, with what clients need and nothing else", () => {
  const [door] = clientDoorsOf(
    policyOf(`log: true
doors:
  ssh:
    protects: [tcp/22, udp/60000-61000]
    refuse: reset
    single-use: true
    sequence: { steps: [51000, udp/51001, ping/63], within: 2m, watch: 50000-52000 }
`),
  );
  if (door === undefined) throw new Error("no door");
  expect(printExport(door)).toBe(`\
# What a client needs to knock at the door ssh. Whoever has this can open it. There:
# postern profile add HOST --from FILE
doors:
  ssh:
    protects: [tcp/22, udp/60000-61000]
    open-for: 10s
    single-use: true
    sequence:
      steps: [51000, udp/51001, ping/63]
      within: 2m
`);
});

test("what is exported is read as the door that it was", () => {
  fc.assert(
    fc.property(validPolicy, (data) => {
      for (const door of clientDoorsOf(policyOf(stringify(data, { version: "1.1" })))) {
        expect(clientDoorsOf(policyOf(printExport(door)))).toEqual([door]);
      }
    }),
  );
});

test.each(["on", "y", "null", "true", "constructor"])("a door may be called %s", (name) => {
  const text = `doors: { "${name}": { protects: tcp/22, sequence: { steps: [51000] } } }`;
  const doors = clientDoorsOf(policyOf(text));
  expect(doors.flatMap((door) => clientDoorsOf(policyOf(printExport(door))))).toEqual(doors);
});
