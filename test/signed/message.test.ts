import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/policy/address.ts";
import type { DoorName } from "../../src/policy/policy.ts";
import { fingerprintOf, knockFits, type Message, signedText } from "../../src/signed/index.ts";
import { decodePlaintext, encodeMessage, encodePlaintext } from "../../src/signed/message.ts";

const MESSAGE: Message = {
  timeMs: 1_764_000_000_123,
  nonce: Buffer.alloc(16, 0xab),
  fingerprint: fingerprintOf(Buffer.from("a key")),
  address: parseAddress("192.0.2.7"),
  door: "ssh" as DoorName,
};
const SIGNATURE = Buffer.alloc(83, 0x55);
const SIGNED = { message: MESSAGE, hash: "sha512", signature: SIGNATURE } as const;

describe("a message", () => {
  test("is written as the specification says", () => {
    const digest = createHash("sha256").update("a key").digest("hex");
    const parts = ["01", "0000019ab697e87b", "ab".repeat(16), digest, "04c0000207", "03737368"];
    expect(encodeMessage(MESSAGE).toString("hex")).toBe(parts.join(""));
  });

  test.each([
    [undefined, "00"],
    ["255.255.255.255", "04ffffffff"],
    ["2001:db8::1", "0620010db8000000000000000000000001"],
    ["::", "0600000000000000000000000000000000"],
    ["::ffff:192.0.2.7", "04c0000207"],
  ])("says for which address it is: %s", (text, hex) => {
    const address = text === undefined ? undefined : parseAddress(text);
    const encoded = encodeMessage({ ...MESSAGE, address });
    expect(encoded.subarray(57, -4).toString("hex")).toBe(hex);
  });

  test("is signed with the server's key before it", () => {
    const key = Buffer.alloc(32, 9);
    expect(signedText(MESSAGE, key)).toEqual(Buffer.concat([key, encodeMessage(MESSAGE)]));
  });

  test("has a nonce of 16 bytes", () => {
    expect(() => encodeMessage({ ...MESSAGE, nonce: Buffer.alloc(15) })).toThrow("nonce");
  });
});

describe("a plaintext", () => {
  const good = encodePlaintext(SIGNED);

  test("is padded to a multiple of 64 bytes, with no block too many", () => {
    // Before the signature there are 69 bytes.
    const sizes = [59, 60, 123, 124].map(
      (bytes) => encodePlaintext({ ...SIGNED, signature: Buffer.alloc(bytes) }).length,
    );
    expect(sizes).toEqual([128, 192, 192, 256]);
  });

  test.each([undefined, "192.0.2.7", "2001:db8::7"])("is read as it was written: %s", (text) => {
    const address = text === undefined ? undefined : parseAddress(text);
    const message = { ...MESSAGE, address };
    const decoded = decodePlaintext(encodePlaintext({ ...SIGNED, message }));
    expect(decoded).toEqual({ ...SIGNED, message, messageBytes: encodeMessage(message) });
  });

  test("of an RSA key of 8192 bits fits, but not with every door and address", () => {
    const signature = Buffer.alloc(4 + 12 + 4 + 1024);
    const longest = {
      ...MESSAGE,
      address: parseAddress("2001:db8::7"),
      door: "d".repeat(32) as DoorName,
    };
    expect(knockFits({ ...SIGNED, signature })).toBe(true);
    expect(knockFits({ ...SIGNED, signature, message: longest })).toBe(false);
    expect(() => encodePlaintext({ ...SIGNED, signature, message: longest })).toThrow("1154 bytes");
  });

  const turned = (at: number, ...bytes: readonly number[]) => {
    const copy = Buffer.from(good);
    Buffer.from(bytes).copy(copy, at);
    return copy;
  };
  /** Where things are in a message with an IPv4 address and the door `ssh`. */
  const AT = { address: 57, doorLength: 62, door: 63, hash: 66, signatureLength: 67, padding: 152 };

  test.each([0, 2, 255])("of version %i is of no version that is known", (version) => {
    expect(decodePlaintext(turned(0, version))).toBe("version");
  });

  test.each([
    ["an address of family 5", turned(AT.address, 5)],
    ["an IPv6 address in the room of IPv4", turned(AT.address, 6)],
    ["a door without a name", turned(AT.doorLength, 0)],
    ["a door in capitals", turned(AT.door, 0x53)],
    ["a door with a zero byte", turned(AT.door + 1, 0)],
    ["a door that is longer than all the rest", turned(AT.doorLength, 255)],
    ["a hash of number 0", turned(AT.hash, 0)],
    ["a hash of number 3", turned(AT.hash, 3)],
    ["a signature longer than all the rest", turned(AT.signatureLength, 0xff, 0xff)],
    ["a signature a byte shorter than it is", turned(AT.signatureLength, 0, 82)],
    ["padding that is not zero", turned(good.length - 1, 1)],
    ["padding that is not zero where it begins", turned(AT.padding, 1)],
    ["a block of padding too much", Buffer.concat([good, Buffer.alloc(64)])],
    ["a byte of padding too few", encodePlaintext(SIGNED).subarray(0, 151)],
    ["its message cut", good.subarray(0, 40)],
    ["nothing but a version", Buffer.from([1])],
  ])("is malformed with %s", (_, plaintext) => {
    expect(decodePlaintext(plaintext)).toBe("malformed");
  });

  test("is malformed with an IPv4 address that is written as IPv6", () => {
    const mapped = Buffer.from("0600000000000000000000ffffc0000207", "hex");
    const parts = [good.subarray(0, AT.address), mapped, good.subarray(AT.doorLength, AT.padding)];
    const content = Buffer.concat(parts);
    const padded = Buffer.concat([content, Buffer.alloc(192 - content.length)]);
    expect(decodePlaintext(padded)).toBe("malformed");
    mapped.writeUInt8(0xfe, 11);
    expect(
      decodePlaintext(Buffer.concat(parts.concat(Buffer.alloc(192 - content.length)))),
    ).toBeTypeOf("object");
  });
});
