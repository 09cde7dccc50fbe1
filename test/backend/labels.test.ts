/** What the comment on a set says comes back as it was, and nothing else comes back. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLabel, type Label, labelOf, parseLabel, printLabel } from "../../src/backend/labels.ts";
import type { Role } from "../../src/program/index.ts";
import { setOf } from "../program/language.ts";

/** What nft takes as a comment (NFTNL_UDATA_COMMENT_MAXLEN, less the byte that ends it). */
const LONGEST = 127;

const door = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  fc.constantFrom("a".repeat(32), "role", "door-", "use", "x"),
);
const GATE_WIDE = ["banned", "auto-banned", "wrong"] as const;
const OF_DOOR = ["grants", "sessions", "begun", "let-through"] as const;
const sources: fc.Arbitrary<Role> = fc.oneof(
  fc.record({ kind: fc.constantFrom(...OF_DOOR), door }),
  fc.record({ kind: fc.constant("stage" as const), door, stage: fc.integer({ min: 1, max: 15 }) }),
  fc.record({ kind: fc.constantFrom(...GATE_WIDE) }),
);
const connections: fc.Arbitrary<Role> = fc.record({
  kind: fc.constantFrom("flows" as const, "opening" as const),
  door,
});
const ofTheAgent: fc.Arbitrary<Role> = fc.record({
  kind: fc.constantFrom("signed-tags" as const, "signed-seen" as const),
});
const rest = {
  meaning: fc.stringMatching(/^[0-9a-f]{16}$/),
  singleUse: fc.boolean(),
};
const label: fc.Arbitrary<Label> = fc.oneof(
  fc.record({
    ...rest,
    role: sources,
    family: fc.constant("ipv4" as const),
    prefixLength: fc.constant(32),
  }),
  fc.record({
    ...rest,
    role: sources,
    family: fc.constant("ipv6" as const),
    prefixLength: fc.integer({ min: 48, max: 128 }),
  }),
  fc.record({
    ...rest,
    role: connections,
    family: fc.constantFrom("ipv4" as const, "ipv6" as const),
    prefixLength: fc.constant(0),
  }),
  fc.record({
    ...rest,
    role: ofTheAgent,
    family: fc.constant(undefined),
    prefixLength: fc.constant(0),
  }),
);

describe("a label", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(label, (written) => {
        expect(parseLabel(printLabel(written))).toEqual(written);
        expect(isLabel(printLabel(written))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("is no longer than nft takes, whatever it says", () => {
    fc.assert(
      fc.property(label, (written) => {
        expect(Buffer.byteLength(printLabel(written))).toBeLessThanOrEqual(LONGEST);
      }),
      { numRuns: 1000 },
    );
    const longest: Label = {
      role: { kind: "stage", door: "a".repeat(32), stage: 15 },
      family: "ipv6",
      prefixLength: 128,
      singleUse: true,
      meaning: "f".repeat(16),
    };
    expect(printLabel(longest).length).toBeLessThanOrEqual(LONGEST);
  });

  test("reads as words", () => {
    const set = setOf({ role: { kind: "stage", door: "ssh", stage: 2 }, meaning: "made 1 2" });
    expect(printLabel(labelOf(set))).toMatch(
      /^role=stage door=ssh stage=2 family=ipv4 prefix=32 meaning=[0-9a-f]{16}$/,
    );
  });

  test("differs where the meaning does", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 2 }), (meanings) => {
        const [a, b] = meanings.map((meaning) => printLabel(labelOf(setOf({ meaning }))));
        expect(a).not.toBe(b);
      }),
    );
  });
});

const GOOD = "role=grants door=ssh family=ipv4 prefix=32 meaning=0123456789abcdef";

test("the label that the next test spoils is good", () => {
  expect(parseLabel(GOOD)).toBeDefined();
});

test.each([
  ["is empty", ""],
  ["says something else", "my own set"],
  ["has a role that there is not", GOOD.replace("grants", "kings")],
  ["has no door where it needs one", GOOD.replace(" door=ssh", "")],
  ["has a door where it needs none", GOOD.replace("grants", "banned")],
  ["has a stage where it needs none", GOOD.replace(" family", " stage=1 family")],
  ["has no stage where it needs one", GOOD.replace("grants", "stage")],
  [
    "has a stage that there is not",
    GOOD.replace("grants", "stage").replace(" family", " stage=16 family"),
  ],
  ["has a door with a colour", GOOD.replace("ssh", "\u001b[31mssh")],
  ["has a door that is too long", GOOD.replace("ssh", "s".repeat(33))],
  ["has a door with a line break", GOOD.replace("ssh", "ssh\n")],
  ["has a family that there is not", GOOD.replace("ipv4", "ipv5")],
  ["has no prefix where members are sources", GOOD.replace(" prefix=32", "")],
  ["has a prefix longer than the address", GOOD.replace("prefix=32", "prefix=33")],
  ["has a prefix of nothing", GOOD.replace("prefix=32", "prefix=0")],
  ["has a prefix where members are connections", GOOD.replace("grants door=ssh", "flows")],
  [
    "has a family where members are of both",
    "role=signed-seen family=ipv4 meaning=0123456789abcdef",
  ],
  ["has both where members are of one", "role=flows family=both meaning=0123456789abcdef"],
  [
    "has a door where it is for all",
    "role=signed-tags door=ssh family=both meaning=0123456789abcdef",
  ],
  ["has a meaning that is none", GOOD.replace("0123456789abcdef", "xyz")],
  ["goes on behind its end", `${GOOD} more`],
  ["has a line break at its end", `${GOOD}\n`],
  ["begins before its beginning", ` ${GOOD}`],
])("a comment that %s is no label", (_, comment) => {
  expect(parseLabel(comment)).toBeUndefined();
});
