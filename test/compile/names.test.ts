/** Whatever doors are called, nothing of one gets the name of something else. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { namesIn } from "../../src/backend/nftables/print.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import type { Program } from "../../src/program/index.ts";
import { policyOf } from "../setup/policy.ts";

/** Names that meet words of nft, of our own chains and sets, and parts of such names. */
const TRICKY = [
  ...[
    "accept",
    "drop",
    "reset",
    "return",
    "jump",
    "goto",
    "queue",
    "tcp",
    "udp",
    "th",
    "ip",
    "ip6",
  ],
  ...["all", "any", "table", "chain", "set", "inet", "hook", "meta", "counter", "limit", "last"],
  ...["services", "knocks", "pings", "gate", "prerouting", "trusted", "pass", "existing"],
  ...["elsewhere", "banned", "banned4", "auto", "auto-banned", "wrong", "flows", "syns", "single"],
  ...["knocks-1", "services-1", "ssh", "ssh-1", "ssh1", "ssh-stage1", "ssh-grants4", "stage1-4"],
  ...[
    "grants",
    "grants4",
    "open",
    "refused",
    "answer-as-closed",
    "answer",
    "reassemble",
    "x",
    "a-",
  ],
  ...["a".repeat(32), `${"a".repeat(31)}-`, "z9-"],
];

const doorName = fc.oneof(
  fc.constantFrom(...TRICKY),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  fc
    .tuple(fc.constantFrom(...TRICKY), fc.constantFrom("1", "4", "-1", "-4"))
    .map(([name, end]) => `${name}${end}`.slice(0, 32)),
);

function programOfDoors(names: readonly string[]): Program {
  const doors = names.map(
    (name, n) =>
      `  "${name}": { protects: [tcp/${n + 1}, udp/${n + 1}], single-use: ${n % 2 === 0}, sequence: { steps: [50001, 50002, 50003] } }`,
  );
  const ban = "ban: { after: 2, within: 1m, for: 1m }\nlog: true\n";
  return compilePolicy(policyOf(`${ban}doors:\n${doors.join("\n")}\n`));
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** What nft takes for a name (its `string` token), and no word of its language has a `_`. */
const NFT_NAME = /^(chain|set|counter|limit) ([A-Za-z][\w.-]*)$/;
const OWN_WORDS = [
  "prerouting",
  "pings",
  "trusted",
  "pass",
  "existing",
  "elsewhere",
  "knocks",
  "services",
];
/** NFT_NAME_MAXLEN, less the byte that ends it. */
const LONGEST = 255;

describe("names", () => {
  test("of one kind never meet, and nft can read them", () => {
    fc.assert(
      fc.property(fc.uniqueArray(doorName, { minLength: 1, maxLength: 24 }), (doors) => {
        const names = namesIn(programOfDoors(doors));
        expect(repeated(names)).toEqual([]);
        for (const name of names) {
          const [, kind = "", word = ""] = NFT_NAME.exec(name) ?? [];
          expect([name, word === "" || word.length > LONGEST]).toEqual([name, false]);
          const isOurs = OWN_WORDS.includes(word) || /^(banned|wrong|flows|syns)[46]$/.test(word);
          expect([kind, name, isOurs || word.includes("_")]).toEqual([kind, name, true]);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("of all doors that could be mistaken for something never meet", () => {
    expect(repeated(namesIn(programOfDoors([...new Set(TRICKY)])))).toEqual([]);
  });
});
