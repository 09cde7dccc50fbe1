/** What the kernel says over netlink, also when it is no such thing. */
import { describe, expect, test } from "vitest";
import {
  parseAcknowledgement,
  parseGeneration,
  parseLogged,
  printAskGeneration,
  printListen,
} from "../../src/agent/netlink.ts";
import { everyOne, LIMIT } from "../setup/fuzz.ts";

/** A ping of 40 bytes to a host with such a rule, as Linux 6.18 on a little-endian machine said it. */
const LOGGED = Buffer.from(
  [
    "7c00000000040000000000000000000002 00f2f9",
    "0800010008000000",
    "09000a0070696e6700000000",
    "08000c0000000007",
    "0a0011000000000000000000",
    "3b000900",
    "450000371d8f4000400120f20a0900020a090001",
    "0800a0d500010001",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a",
    "00",
  ]
    .join("")
    .replaceAll(" ", ""),
  "hex",
);
const withLength = (bytes: Buffer): Buffer => {
  const whole = Buffer.from(bytes);
  whole.writeUInt32LE(whole.length, 0);
  return whole;
};

/** Tests of layouts that are those of the processor know the common one alone. */
const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

describe.runIf(isLittle)("a logged packet", () => {
  test("has its prefix, its number, and its bytes without padding", () => {
    const [logged, ...others] = parseLogged(withLength(LOGGED));
    expect(others).toEqual([]);
    expect(logged).toMatchObject({ prefix: "ping", sequence: 7 });
    expect(Buffer.from(logged?.packet ?? []).toString("hex")).toMatch(/^450000371d8f.*191a$/);
  });

  test("comes in the order of several in one read", () => {
    const one = withLength(LOGGED);
    expect(parseLogged(Buffer.concat([one, one, one]))).toHaveLength(3);
  });

  test("that is broken off anywhere is none, and nothing is thrown", () => {
    const whole = withLength(LOGGED);
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseLogged(whole.subarray(0, length))).toEqual([]);
    }
  });

  test("is asked for by requests that each want an answer", () => {
    for (const request of printListen(62_201)) {
      expect(Buffer.from(request).readUInt32LE(0)).toBe(request.length);
      expect(Buffer.from(request).readUInt16LE(6)).toBe(5);
      expect(Buffer.from(request).readUInt16BE(18)).toBe(62_201);
    }
  });
});

describe.runIf(isLittle)("answers", () => {
  const error = (code: number) => {
    const bytes = Buffer.alloc(36);
    bytes.writeUInt32LE(36, 0);
    bytes.writeUInt16LE(2, 4);
    bytes.writeInt32LE(code, 16);
    return bytes;
  };

  test("say that it is done, or the number of what is against it", () => {
    expect(parseAcknowledgement(error(0))).toBe(0);
    expect(parseAcknowledgement(error(-16))).toBe(16);
    expect(parseAcknowledgement(withLength(LOGGED))).toBeUndefined();
  });

  test("tell how often rules have changed", () => {
    const bytes = Buffer.from("1c0000000f0a0000000000000000000000000000080001000000002a", "hex");
    expect(parseGeneration(bytes)).toBe(42);
    expect(parseGeneration(error(0))).toBeUndefined();
    expect(Buffer.from(printAskGeneration()).toString("hex")).toBe(
      "14000000100a010000000000000000000000000000".slice(0, 40),
    );
  });
});

test("nothing that is read makes it throw", LIMIT, () => {
  everyOne(
    [
      withLength(LOGGED),
      Buffer.concat([withLength(LOGGED), withLength(LOGGED)]),
      ...printListen(1).map((request) => Buffer.from(request)),
    ],
    (input) => {
      parseLogged(input);
      parseGeneration(input);
      parseAcknowledgement(input);
    },
  );
});
