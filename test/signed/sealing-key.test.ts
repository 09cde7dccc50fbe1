import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  fingerprintOf,
  makeSealingKey,
  parseSealingKey,
  parseSealingPublicKey,
  printSealingKey,
  printSealingPublicKey,
} from "../../src/signed/index.ts";

function faultIn(text: string): string | undefined {
  const read = parseSealingKey(text, "sealing.key");
  return read.ok ? undefined : read.problems.map(({ what }) => what).join();
}

const TEXT = `sealing-key: ${"A".repeat(42)}E`;

describe("the file of a sealing key", () => {
  test("that was written is read again", () => {
    const key = makeSealingKey();
    const read = parseSealingKey(printSealingKey(key), "f");
    expect(read.ok && printSealingKey(read.value)).toBe(printSealingKey(key));
    expect(read.ok && read.value.publicKey).toEqual(key.publicKey);
  });

  test("shows the public half, by its fingerprint", () => {
    const key = makeSealingKey();
    expect(key.fingerprint).toBe(fingerprintOf(key.publicKey));
    expect(printSealingKey(key)).toContain(`# Its public half is ${key.fingerprint}\n`);
  });

  test("is another one each time", () => {
    expect(printSealingKey(makeSealingKey())).not.toBe(printSealingKey(makeSealingKey()));
  });

  test.each([
    ["empty, as after a full disk", "", "no key"],
    ["a comment alone", "# The sealing key\n", "no key"],
    ["a key without its name", "A".repeat(43), "line 1"],
    ["a key cut short", TEXT.slice(0, 40), "line 1"],
    ["a key that is one character too long", `${TEXT}A`, "line 1"],
    ["a key with bits that belong to no byte", `${TEXT.slice(0, -1)}B`, "line 1"],
    ["two keys", `${TEXT}\n\n${TEXT}\n`, "line 3"],
    ["a client's key", `key: ${"A".repeat(42)}E`, "line 1"],
    ["lines that end as on Windows", `${TEXT}\r\n`, "line 1"],
  ])("is refused, with its line: %s", (_, text, where) => {
    expect(faultIn(text)).toContain(where);
  });

  test("is never shown, whatever the fault", () => {
    const secret = randomBytes(32).toString("base64url");
    for (const text of [secret, `sealing-key: ${secret}x`, `sealing-key: ${secret}\nx`]) {
      expect(faultIn(text)).toBeDefined();
      expect(JSON.stringify(parseSealingKey(text, "f"))).not.toContain(secret);
    }
  });
});

describe("the public half of a sealing key", () => {
  test("that was printed is read again", () => {
    const { publicKey } = makeSealingKey();
    const text = printSealingPublicKey(publicKey);
    expect(text).toMatch(/^[\w-]{43}$/);
    expect(parseSealingPublicKey(text)).toEqual({ ok: true, value: publicKey });
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["31 bytes", Buffer.alloc(31, 9)],
    ["33 bytes", Buffer.alloc(33, 9)],
    ["all zeros, which hide nothing", Buffer.alloc(32)],
    ["one, which hides nothing", Buffer.from([1, ...Buffer.alloc(31)])],
    ["a number that is higher than any", Buffer.alloc(32, 0xff)],
    ["a key with its highest bit set", withTopBit()],
  ])("is refused when it is %s", (_, bytes) => {
    expect(parseSealingPublicKey(bytes.toString("base64url")).ok).toBe(false);
  });
});

function withTopBit(): Buffer {
  const bytes = Buffer.from(makeSealingKey().publicKey);
  bytes.writeUInt8(bytes.readUInt8(31) | 0x80, 31);
  return bytes;
}
