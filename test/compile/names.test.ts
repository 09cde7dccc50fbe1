/** Whatever doors are called, nothing of one gets the name of something else. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { namesIn } from "../../src/backend/nftables/print.ts";
import { doorName, programOfDoors, TRICKY_NAMES } from "../setup/tricky-names.ts";

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
          const isOurs =
            OWN_WORDS.includes(word) || /^(banned|wrong|flows|closing|syns)[46]$/.test(word);
          expect([kind, name, isOurs || word.includes("_")]).toEqual([kind, name, true]);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("of all doors that could be mistaken for something never meet", () => {
    expect(repeated(namesIn(programOfDoors([...new Set(TRICKY_NAMES)])))).toEqual([]);
  });
});
