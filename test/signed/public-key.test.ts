import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  KEY_TYPES,
  type PublicKey,
  parsePublicKey,
  parsePublicKeyLine,
} from "../../src/signed/index.ts";
import { makeSigner, mpint, sshString } from "./signer.ts";
import { keyFrom, sshKeygen, workFolder } from "./ssh-keygen.ts";

function faultOf(blob: Buffer): string {
  const read = parsePublicKey(blob);
  return read.ok ? "" : read.problems.map(({ what }) => what).join();
}

function read(line: string): PublicKey {
  const key = parsePublicKeyLine(line);
  if (!key.ok) throw new Error(JSON.stringify(key.problems));
  return key.value;
}

/** An RSA key of numbers that may be anything. */
function rsaOf(e: Buffer, n: Buffer): Buffer {
  return Buffer.concat([sshString("ssh-rsa"), e, n]);
}

const modulus = (bits: number) =>
  Buffer.concat([Buffer.from([0x80]), Buffer.alloc(bits / 8 - 1, 1)]);
const E = mpint(Buffer.from("010001", "hex"));

describe("a public key of SSH", () => {
  test.each([
    ["ed25519", undefined],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
    ["rsa", 2048],
    ["rsa", 3072],
  ] as const)(
    "that ssh-keygen made has the fingerprint that ssh-keygen shows: %s %s",
    (type, bits) => {
      const { path, line } = keyFrom(workFolder(), type, bits);
      const shown = sshKeygen(["-l", "-f", `${path}.pub`]).stdout.split(" ")[1];
      expect(read(line).fingerprint).toBe(shown);
    },
  );

  test.each(KEY_TYPES)("is read from its line, of each type: %s", (type) => {
    const { line, blob } = makeSigner(type);
    const key = read(`${line} ana@laptop of the spare room\n`);
    expect([key.type, key.blob]).toEqual([type, blob]);
    expect(key.application?.toString()).toBe(type.startsWith("sk-") ? "ssh:" : undefined);
  });

  test.each(KEY_TYPES)("is refused with a byte more or less: %s", (type) => {
    const { blob } = makeSigner(type);
    expect(faultOf(Buffer.concat([blob, Buffer.from([0])]))).toContain("no whole key");
    expect(faultOf(blob.subarray(0, -1))).not.toBe("");
  });

  test.each([
    ["1024 bits", rsaOf(E, mpint(modulus(1024))), "1024 bits"],
    ["2040 bits", rsaOf(E, mpint(modulus(2040))), "2040 bits"],
    ["8200 bits", rsaOf(E, mpint(modulus(8200))), "8200 bits"],
    ["the exponent 1", rsaOf(mpint(Buffer.from([1])), mpint(modulus(2048))), "exponent"],
    ["an even exponent", rsaOf(mpint(Buffer.from([4])), mpint(modulus(2048))), "exponent"],
    [
      "an exponent of 33 bits",
      rsaOf(mpint(Buffer.from("0100000001", "hex")), mpint(modulus(2048))),
      "exponent",
    ],
    ["an even modulus", rsaOf(E, mpint(modulus(2048).fill(2, 1))), "modulus"],
    [
      "a zero before its exponent",
      rsaOf(sshString(Buffer.from("00010001", "hex")), mpint(modulus(2048))),
      "no whole key",
    ],
    ["a negative modulus", rsaOf(E, sshString(modulus(2048))), "no whole key"],
  ])("of RSA is refused with %s", (_, blob, words) => {
    expect(faultOf(blob)).toContain(words);
  });

  test.each([2048, 8192])("of RSA may have %i bits", (bits) => {
    expect(faultOf(rsaOf(E, mpint(modulus(bits))))).toBe("");
  });

  test.each([
    ["ecdsa-sha2-nistp256", "nistp256", 32],
    ["ecdsa-sha2-nistp384", "nistp384", 48],
    ["ecdsa-sha2-nistp521", "nistp521", 66],
  ] as const)("of %s has to be an uncompressed point of its curve", (type, curve, size) => {
    const { x = "", y = "" } = generateKeyPairSync("ec", {
      namedCurve: curve.replace("nistp", "P-"),
    }).publicKey.export({ format: "jwk" });
    const [left, right] = [x, y].map((text) => Buffer.from(text, "base64url")) as [Buffer, Buffer];
    const blobOf = (mark: number, named: string, ...point: Buffer[]) =>
      Buffer.concat([type, named, Buffer.concat([Buffer.from([mark]), ...point])].map(sshString));
    expect(faultOf(blobOf(4, curve, left, right))).toBe("");
    expect(faultOf(blobOf(2, curve, left))).toContain("uncompressed");
    expect(faultOf(blobOf(6, curve, left, right))).toContain("uncompressed");
    expect(faultOf(blobOf(4, "nistp999", left, right))).toContain("curve");
    expect(faultOf(blobOf(4, curve, right, left))).toContain("not a point");
    expect(faultOf(blobOf(4, curve, Buffer.alloc(size), Buffer.alloc(size)))).toContain(
      "not a point",
    );
    expect(faultOf(blobOf(4, curve, Buffer.alloc(size, 0xff), right))).toContain("not a point");
  });

  test.each([
    ["an old DSA key", "ssh-dss AAAA", "not a type of key"],
    ["a certificate", "ssh-ed25519-cert-v01@openssh.com AAAA", "certificate"],
    ["no key", "", "not a type of key"],
    ["a type alone", "ssh-ed25519", "no key in base64"],
    [
      "a type that is not the key's",
      `ssh-rsa ${makeSigner("ssh-ed25519").line.split(" ")[1]}`,
      "and not of ssh-rsa",
    ],
    [
      "base64 with a letter too few",
      makeSigner("ssh-ed25519").line.slice(0, -1),
      "no key in base64",
    ],
    ["base64 of the other kind", "ssh-ed25519 AA-_", "no key in base64"],
    ["base64 with bits that belong to no byte", "ssh-ed25519 AB==", "no key in base64"],
    [
      "a key with an application that has an end in it",
      `sk-ssh-ed25519@openssh.com ${withZero()}`,
      "no whole key",
    ],
  ])("is refused in a line that has %s", (_, line, words) => {
    const key = parsePublicKeyLine(line);
    expect(key.ok ? "" : key.problems[0]?.what).toContain(words);
    expect(key.ok).toBe(false);
  });
});

function withZero(): string {
  const { blob } = makeSigner("sk-ssh-ed25519@openssh.com");
  return Buffer.concat([blob.subarray(0, -8), sshString("ss\0:")]).toString("base64");
}
