import { createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isEdwardsKey } from "../../src/signed/edwards.ts";

const P: bigint = 2n ** 255n - 19n;

function encoded(y: bigint, isOdd = false): Buffer {
  const number = isOdd ? y | (1n << 255n) : y;
  return Buffer.from(number.toString(16).padStart(64, "0"), "hex").reverse();
}

/** RFC 7748 and RFC 8032 have no table of them; these are the well-known heights of order eight. */
const ORDER_EIGHT = [
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => Buffer.from(hex, "hex"));

/** With R the neutral point and S 0 a signature fits any text, if the key is of small order. */
function fitsAnything(key: Buffer): boolean {
  const publicKey = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: key.toString("base64url") },
    format: "jwk",
  });
  const forged = Buffer.concat([encoded(1n), Buffer.alloc(32)]);
  return Array.from({ length: 64 }, (_, n) => Buffer.from([n])).some((text) =>
    verify(null, text, publicKey, forged),
  );
}

describe("a public key of Ed25519", () => {
  test("that was made as one is sound", () => {
    for (let count = 0; count < 50; count += 1) {
      const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
      expect(isEdwardsKey(Buffer.from(x, "base64url"))).toBe(true);
    }
  });

  test.each([
    ["the neutral point", encoded(1n)],
    ["the point of order two", encoded(P - 1n)],
    ["a point of order four", encoded(0n)],
    ["the other point of order four", encoded(0n, true)],
    ["a point of order eight", ORDER_EIGHT[0]],
    ["another point of order eight", ORDER_EIGHT[1]],
  ])("is refused when a signature could fit everything: %s", (_, key = Buffer.alloc(0)) => {
    expect(fitsAnything(key)).toBe(true);
    expect(isEdwardsKey(key)).toBe(false);
  });

  test.each([
    ["the neutral point, once more around", Buffer.from(`ee${"ff".repeat(30)}7f`, "hex")],
    ["zero, once more around", encoded(P)],
    ["all ones", Buffer.alloc(32, 0xff)],
    ["the neutral point with a sign that zero cannot have", encoded(1n, true)],
    ["no point of the curve", encoded(2n)],
    ["a byte too few", randomBytes(31)],
    ["a byte too many", randomBytes(33)],
    ["nothing", Buffer.alloc(0)],
  ])("is refused when it is not in its one form: %s", (_, key) => {
    expect(isEdwardsKey(key)).toBe(false);
  });
});
