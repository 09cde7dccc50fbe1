import { generateKeyPairSync, randomBytes } from "node:crypto";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { describe, expect, test } from "vitest";
import { openSealed, sealTo } from "../../src/signed/seal.ts";
import { privateKeyOf, publicBytesOf } from "../../src/signed/x25519.ts";

const hex = (text: string) => Buffer.from(text, "hex");

/** RFC 9180, appendix A.2.1 and A.2.1.1, the encryption with sequence number 0. */
const RFC = {
  info: hex("4f6465206f6e2061204772656369616e2055726e"),
  skEm: hex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"),
  skRm: hex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"),
  pkRm: hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"),
  enc: hex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"),
  aad: hex("436f756e742d30"),
  pt: hex("4265617574792069732074727574682c20747275746820626561757479"),
  ct: hex(
    "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
  ),
};

function recipient(privateBytes: Uint8Array) {
  const privateKey = privateKeyOf(privateBytes);
  return { privateKey, publicKey: publicBytesOf(privateKey) };
}

describe("the vector of RFC 9180", () => {
  const { info, aad, enc, pt, ct } = RFC;

  test("is what is sealed", () => {
    const sealed = sealTo(RFC.pkRm, { info, aad }, pt, RFC.skEm);
    expect(sealed).toEqual({ enc, ciphertext: ct });
  });

  test("is opened", () => {
    const keys = recipient(RFC.skRm);
    expect(keys.publicKey).toEqual(RFC.pkRm);
    expect(openSealed(keys, { info, aad }, { enc, ciphertext: ct })).toEqual(pt);
  });

  test.each([
    ["another info", { info: hex("00"), aad }, { enc, ciphertext: ct }],
    ["another text beside it", { info, aad: hex("00") }, { enc, ciphertext: ct }],
    ["a bit of it turned", { info, aad }, { enc, ciphertext: Buffer.from(ct).fill(0, 0, 1) }],
    ["its end turned", { info, aad }, { enc, ciphertext: Buffer.from(ct).fill(0, 44) }],
    ["a byte less", { info, aad }, { enc, ciphertext: ct.subarray(1) }],
    ["not even room for its end", { info, aad }, { enc, ciphertext: ct.subarray(0, 15) }],
    ["another key in front", { info, aad }, { enc: RFC.pkRm, ciphertext: ct }],
    ["half a key in front", { info, aad }, { enc: enc.subarray(0, 31), ciphertext: ct }],
  ])("does not open with %s", (_, context, sealed) => {
    expect(openSealed(recipient(RFC.skRm), context, sealed)).toBeUndefined();
  });

  test("does not open with another key", () => {
    const keys = recipient(randomBytes(32));
    expect(openSealed(keys, { info, aad }, { enc, ciphertext: ct })).toBeUndefined();
  });
});

describe("a library written by others", () => {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Chacha20Poly1305(),
  });

  /** Lengths from none to more than a knock has. */
  const CASES = Array.from({ length: 30 }, (_, index) => [index * 45, index * 3] as const);

  test.each(CASES)("opens what is sealed here: %i bytes, %i beside", async (size, besides) => {
    const [text, aad, info] = [randomBytes(size), randomBytes(besides), randomBytes(besides)];
    const { privateKey, publicKey } = recipient(randomBytes(32));
    const sealed = sealTo(publicKey, { info, aad }, text, randomBytes(32));
    if (sealed === undefined) throw new Error("not sealed");
    const { d = "" } = privateKey.export({ format: "jwk" });
    const key = await suite.kem.deserializePrivateKey(arrayOf(Buffer.from(d, "base64url")));
    const context = { recipientKey: key, enc: arrayOf(sealed.enc), info: arrayOf(info) };
    const opened = await suite.open(context, arrayOf(sealed.ciphertext), arrayOf(aad));
    expect(Buffer.from(opened)).toEqual(text);
  });

  test.each(CASES)("is opened here: %i bytes, %i beside", async (size, besides) => {
    const [text, aad, info] = [randomBytes(size), randomBytes(besides), randomBytes(besides)];
    const keys = recipient(randomBytes(32));
    const key = await suite.kem.deserializePublicKey(arrayOf(keys.publicKey));
    const context = { recipientPublicKey: key, info: arrayOf(info) };
    const { enc, ct } = await suite.seal(context, arrayOf(text), arrayOf(aad));
    const sealed = { enc: Buffer.from(enc), ciphertext: Buffer.from(ct) };
    expect(openSealed(keys, { info, aad }, sealed)).toEqual(text);
  });
});

function arrayOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Of small order, and the same once more around: RFC 7748, section 6.1. */
const ZEROS = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(hex);

describe("a public key with which every secret is zero", () => {
  test.each(ZEROS)("is neither sealed to nor opened from: case %#", (publicKey) => {
    const context = { info: Buffer.alloc(0), aad: Buffer.alloc(0) };
    const { publicKey: whole, privateKey } = recipient(randomBytes(32));
    expect(sealTo(publicKey, context, Buffer.from("text"), randomBytes(32))).toBeUndefined();
    const sealed = { enc: publicKey, ciphertext: randomBytes(48) };
    expect(openSealed({ privateKey, publicKey: whole }, context, sealed)).toBeUndefined();
  });
});

test("a private key is the same as Node.js has it", () => {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const { d = "" } = privateKey.export({ format: "jwk" });
  const { x = "" } = publicKey.export({ format: "jwk" });
  const keys = recipient(Buffer.from(d, "base64url"));
  expect(keys.publicKey).toEqual(Buffer.from(x, "base64url"));
});
