import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wireReader, wireString } from "../../src/signed/wire.ts";

const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

describe("reading what SSH writes", () => {
  test("gives back strings, numbers and bytes in their order", () => {
    const reader = wireReader(bytes("00000003 616263 07 0102 01020304 ff"));
    expect(reader.name()).toBe("abc");
    expect([reader.uint8(), reader.uint16(), reader.uint32()]).toEqual([7, 0x102, 0x1020304]);
    expect(reader.consumed()).toHaveLength(14);
    expect(reader.isSpent()).toBe(false);
    expect(reader.bytes(1)).toEqual(bytes("ff"));
    expect(reader.isSpent()).toBe(true);
  });

  test.each([
    ["that is longer than all there is", "00000004 616263"],
    ["with the highest length", "ffffffff 616263"],
    ["whose length is cut short", "000000"],
    ["that nothing is left for", ""],
  ])("takes no string %s", (_, hex) => {
    const reader = wireReader(bytes(hex));
    expect(reader.string()).toHaveLength(0);
    expect(reader.isSpent()).toBe(false);
  });

  test("never recovers from a fault", () => {
    const reader = wireReader(bytes("00000009 07 00000001"));
    reader.string();
    expect([reader.uint8(), reader.uint32(), reader.bytes(0).length]).toEqual([0, 0, 0]);
    expect(reader.isSpent()).toBe(false);
  });

  test.each([
    ["00000001 01", "01"],
    ["00000001 7f", "7f"],
    ["00000002 0080", "80"],
    ["00000003 00ff01", "ff01"],
  ])("takes a number in its only right form: %s", (hex, number) => {
    const reader = wireReader(bytes(hex));
    expect(reader.positive()).toEqual(bytes(number));
    expect(reader.isSpent()).toBe(true);
  });

  test.each([
    ["zero", "00000000"],
    ["zero with a byte", "00000001 00"],
    ["a negative one", "00000001 80"],
    ["one with a zero too many", "00000002 007f"],
    ["one with two zeros", "00000003 000080"],
  ])("takes no other number: %s", (_, hex) => {
    const reader = wireReader(bytes(hex));
    reader.positive();
    expect(reader.isSpent()).toBe(false);
  });

  test.each([
    ["a space", "00000003 612062"],
    ["a zero byte", "00000003 610062"],
    ["a byte that is not ASCII", "00000001 e4"],
    ["nothing at all", "00000000"],
  ])("takes no name with %s", (_, hex) => {
    const reader = wireReader(bytes(hex));
    expect(reader.name()).toBe("");
    expect(reader.isSpent()).toBe(false);
  });

  test("reads what it wrote, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const reader = wireReader(Buffer.concat([wireString(one), wireString(other)]));
        expect(reader.string()).toEqual(Buffer.from(one));
        expect(reader.string()).toEqual(Buffer.from(other));
        expect(reader.isSpent()).toBe(true);
      }),
    );
  });
});
