import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  bytesOfFingerprint,
  fingerprintOf,
  printFingerprint,
} from "../../src/signed/fingerprint.ts";

test("a fingerprint is printed as by ssh-keygen, and read again", () => {
  expect(fingerprintOf(Buffer.from("abc"))).toBe(
    "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
  );
  const digest = randomBytes(32);
  expect(bytesOfFingerprint(printFingerprint(digest))).toEqual(digest);
});
