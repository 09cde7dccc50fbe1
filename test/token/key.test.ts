import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ClientName, DoorName, Secret } from "../../src/policy/policy.ts";
import { type ClientKey, parseKey, printKey } from "../../src/token/index.ts";

const KEY = `${"A".repeat(42)}E` as Secret;
const WHOLE: ClientKey = {
  secret: KEY,
  doors: ["ssh", "web"] as DoorName[],
  isUnused: true,
  spentUpTo: 178_000_000,
};

function faultIn(text: string): string | undefined {
  const read = parseKey(text, "keys/ana.key");
  return read.ok ? undefined : read.problems.map(({ what }) => what).join();
}

describe("a key file", () => {
  test.each([
    ["all that a key can have", WHOLE],
    ["a key for every door", { ...WHOLE, doors: undefined, isUnused: false, spentUpTo: 0 }],
  ] as const)("that was written is read again: %s", (_, key) => {
    expect(parseKey(printKey("ana" as ClientName, key), "f")).toEqual({ ok: true, value: key });
  });

  test.each([
    ["empty, as after a full disk", "", "no key"],
    ["a comment alone", "# The key of ana.\n", "no key"],
    ["a key without its name", KEY, "line 1"],
    ["a key cut short", `key: ${KEY.slice(0, 20)}`, "line 1"],
    ["a key that is one character too long", `key: ${KEY}A\n`, "line 1"],
    ["a key with bits that belong to no byte", `key: ${"A".repeat(42)}B\n`, "line 1"],
    ["a key in the other base64", `key: ${"/".repeat(42)}E\n`, "line 1"],
    ["two keys", `key: ${KEY}\nkey: ${KEY}\n`, "line 2"],
    ["a door that has no such name", `key: ${KEY}\ndoors: ssh SSH\n`, "line 2"],
    ["a line of something else", `key: ${KEY}\ncarriers: ping\n`, "line 2"],
    ["a number that is none", `key: ${KEY}\nspent-up-to: -1\n`, "line 2"],
    ["lines that end as on Windows", `key: ${KEY}\r\n`, "line 1"],
    ["a name of every object", `key: ${KEY}\nconstructor: x\n`, "line 2"],
  ])("is refused, with its line: %s", (_, text, where) => {
    expect(faultIn(text)).toContain(where);
  });

  test("that is damaged is never shown, whatever the fault", () => {
    const key = randomBytes(32).toString("base64url");
    for (const text of [key, `key: ${key}x`, `key:${key}`, `key: ${key}\nkey: ${key}`]) {
      expect(faultIn(text)).toBeDefined();
      expect(JSON.stringify(parseKey(text, "f"))).not.toContain(key);
    }
  });
});
