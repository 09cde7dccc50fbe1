/** What a check says of signed knocks: a way in that nothing but a signature opens. */
import { expect, test } from "vitest";
import { checkPolicy } from "../../src/check/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { seededChance } from "../setup/chance.ts";
import { sure } from "../setup/sure.ts";

function checked(more: string) {
  const text = `doors: { ssh: { protects: tcp/22, signed: { carriers: [udp/62201, ping] } ${more} } }\n`;
  return checkPolicy(sure(parsePlacedPolicy(text, "policy.yaml")), {
    commonPorts: undefined,
    chance: seededChance(1),
  });
}

test("a signed knock is a way in, which no scan opens and no listener repeats", () => {
  const { problems, doors } = checked("");
  expect(problems).toEqual([]);
  expect(doors).toEqual([
    {
      door: "ssh",
      openedBy: undefined,
      remedy: undefined,
      scansTried: 0,
      chancePerThousand: 0,
      overheardPackets: undefined,
      token: undefined,
      signed: ["udp/62201", "ping"],
    },
  ]);
});

test("of a door with signed knocks and steps the steps are judged as ever", () => {
  const { problems, doors } = checked(", sequence: { steps: [51001, 51002] }");
  expect(problems.map(({ code }) => code)).toEqual(["opened-by-scan"]);
  expect(doors[0]).toMatchObject({ overheardPackets: 2, signed: ["udp/62201", "ping"] });
});

test("of one with tokens besides both are told", () => {
  const { problems, doors } = checked(", token: { carriers: [ping] }");
  expect(problems).toEqual([]);
  expect(doors[0]).toMatchObject({
    token: { carriers: [{ carrier: "ping" }] },
    signed: ["udp/62201", "ping"],
  });
});
