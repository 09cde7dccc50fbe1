/** What a check says of tokens: how likely a guess is, and how many there are to hit. */
import { expect, test } from "vitest";
import { checkPolicy } from "../../src/check/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { seededChance } from "../setup/chance.ts";
import { sure } from "../setup/sure.ts";

function checked(token: string, more = "") {
  const text = `doors: { ssh: { protects: tcp/22, token: ${token} ${more} } }\n`;
  return checkPolicy(sure(parsePlacedPolicy(text, "policy.yaml")), {
    commonPorts: undefined,
    chance: seededChance(1),
  });
}

test("a thousand guesses hit as often as there are tokens among all that there could be", () => {
  const all =
    "{ carriers: [ping, udp/62201, dns/53, http/80, tls/443], lookahead: 1h, clients: 3 }";
  const { doors } = checked(all);
  // An hour and a minute are 366 slots; no more than there is room for can be right.
  const tokens = 3 * 488;
  const report = doors[0]?.token;
  expect(report?.tokens).toBe(tokens);
  expect(report?.carriers.map(({ carrier, bits }) => [carrier, bits])).toEqual([
    ["ping", 128],
    ["udp/62201", 128],
    ["dns/53", 80],
    ["http/80", 96],
    ["tls/443", 128],
  ]);
  for (const { bits, chancePerThousand } of report?.carriers ?? []) {
    expect(chancePerThousand / ((1000 * tokens) / 2 ** bits)).toBeCloseTo(1, 9);
  }
});

test("a token is a way in", () => {
  expect(checked("{ carriers: [ping] }").problems).toEqual([]);
});

test("of a door with tokens and steps the steps are judged as ever", () => {
  const { problems, doors } = checked(
    "{ carriers: [ping] },",
    "sequence: { steps: [51001, 51002] }",
  );
  expect(problems.map(({ code }) => code)).toEqual(["opened-by-scan"]);
  expect(doors[0]).toMatchObject({ overheardPackets: 2, token: { carriers: [{ bits: 128 }] } });
});

test.each([
  ["14m", ["short-lookahead"]],
  ["899s", ["short-lookahead"]],
  ["15m", []],
])("with tokens for %s ahead there is a warning: %j", (lookahead, codes) => {
  const { problems } = checked(`{ carriers: [ping], lookahead: ${lookahead} }`);
  expect(problems.map(({ code }) => code)).toEqual(codes);
  for (const { place } of problems) {
    expect(place?.text.slice(place.column - 1)).toMatch(new RegExp(`^lookahead: ${lookahead}`));
  }
});
