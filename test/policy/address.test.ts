import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Address,
  maskAddress,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixesMeet,
  prefixHolds,
  printAddress,
  printPrefix,
  unmapPrefix,
  widthOf,
} from "../../src/policy/address.ts";

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`${text} is no prefix`);
  return parsed;
}

const anyPrefix = fc
  .oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
  )
  .map(([text, length]) => prefix(`${text}/${length}`));

describe("an address", () => {
  test.each([
    ["0.0.0.0", "ipv4", 0n],
    ["192.0.2.7", "ipv4", 0xc0000207n],
    ["255.255.255.255", "ipv4", 0xffffffffn],
    ["::", "ipv6", 0n],
    ["::1", "ipv6", 1n],
    ["1::", "ipv6", 1n << 112n],
    ["2001:db8::7", "ipv6", 0x20010db8000000000000000000000007n],
    ["::ffff:192.0.2.7", "ipv6", 0xffffc0000207n],
    ["64:ff9b::192.0.2.33", "ipv6", 0x64ff9b0000000000000000c0000221n],
    ["1:2:3:4:5:6:7:8", "ipv6", 0x00010002000300040005000600070008n],
    ["FE80::A", "ipv6", 0xfe80000000000000000000000000000an],
  ] as const)("%s is read", (text, family, bits) => {
    expect(address(text)).toEqual({ family, bits });
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "010.1.1.1",
    "1.2.3.04",
    "0x7f.1",
    "2130706433",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4\n",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "12345::",
    "fe80::1%eth0",
    "::1%",
    "::ffff:010.1.1.1",
    "1.2.3.4/32",
    "١.٢.٣.٤",
  ])("%j is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["0:1:0:0:0:0:0:0", "0:1::"],
    ["10:0:0:100:0:0:0:1000", "10:0:0:100::1000"],
  ])("%s is printed as %s", (text, printed) => {
    expect(printAddress(address(text))).toBe(printed);
  });

  test("when printed parses back to itself", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const parsed = address(text);
        expect(parseAddress(printAddress(parsed))).toEqual(parsed);
      }),
    );
  });

  test("is printed as the URL standard prints it", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(`[${printAddress(address(text))}]`).toBe(new URL(`http://[${text}]/`).hostname);
      }),
    );
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(printAddress(address(text))).toBe(new URL(`http://${text}/`).hostname);
      }),
    );
  });

  test("with runs of zeros everywhere is printed as the URL standard prints it", () => {
    const group = fc.constantFrom("0", "0", "0", "1", "ab", "a0b0");
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.join(":");
        expect(`[${printAddress(address(text))}]`).toBe(new URL(`http://[${text}]/`).hostname);
      }),
      { numRuns: 2000 },
    );
  });

  test("is whatever node:net takes for one, zones apart", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f:.%]{1,20}$/), (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0 && !text.includes("%"));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("a prefix", () => {
  test.each([
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["10.1.2.3/32", "10.1.2.3"],
    ["10.1.2.3", "10.1.2.3"],
    ["10.1.2.3/0", "0.0.0.0/0"],
    ["2001:db8::1/64", "2001:db8::/64"],
    ["2001:db8::1/128", "2001:db8::1"],
    ["2001:db8::1/0", "::/0"],
    ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
  ])("%s is that of %s", (text, printed) => {
    expect(printPrefix(prefix(text))).toBe(printed);
  });

  test.each([
    "",
    "/",
    "/8",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10.0.0.0/8.0",
    "10.0.0.0/ 8",
    "::/129",
    "::/1e2",
    "10/8",
  ])("%j is none", (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });

  test("when printed parses back to itself", () => {
    fc.assert(
      fc.property(anyPrefix, (parsed) => {
        expect(parsePrefix(printPrefix(parsed))).toEqual(parsed);
      }),
    );
  });

  test("holds an address exactly when their first bits are the same", () => {
    fc.assert(
      fc.property(anyPrefix, fc.oneof(fc.ipV4(), fc.ipV6()).map(address), (holder, held) => {
        const bits = (one: Address) =>
          one.bits.toString(2).padStart(widthOf(one.family), "0").slice(0, holder.length);
        const same = held.family === holder.first.family && bits(held) === bits(holder.first);
        expect(prefixHolds(holder, held)).toBe(same);
      }),
    );
  });

  test("holds its own first and last address", () => {
    fc.assert(
      fc.property(anyPrefix, ({ first, length }) => {
        const last = address(
          printAddress({
            ...first,
            bits: first.bits | ((1n << BigInt(widthOf(first.family) - length)) - 1n),
          }),
        );
        expect(prefixHolds({ first, length } as Prefix, first)).toBe(true);
        expect(maskAddress(last, length)).toEqual(first);
      }),
    );
  });

  test("meets another exactly when one lies in the other, whichever comes first", () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, fc.boolean(), (one, stranger, related) => {
        const { family } = one.first;
        const other =
          related && stranger.first.family === family
            ? prefix(`${printAddress(one.first)}/${stranger.length}`)
            : stranger;
        const [wide, narrow] = one.length < other.length ? [one, other] : [other, one];
        const meet =
          wide.first.family === narrow.first.family &&
          maskAddress(narrow.first, wide.length).bits === wide.first.bits;
        expect(prefixesMeet(one, other)).toBe(meet);
        expect(prefixesMeet(other, one)).toBe(meet);
      }),
    );
  });

  test.each([
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.0/120", "192.0.2.0/24"],
    ["::ffff:0:0/96", "0.0.0.0/0"],
    ["::ffff:0:0/95", undefined],
    ["::fffe:192.0.2.7", undefined],
    ["1::ffff:192.0.2.7", undefined],
    ["192.0.2.7", undefined],
  ])("%s stands for the IPv4 prefix %s", (text, ipv4) => {
    expect(unmapPrefix(prefix(text))).toEqual(ipv4 === undefined ? undefined : prefix(ipv4));
  });

  test("of one family never meets one of the other", () => {
    expect(prefixesMeet(prefix("0.0.0.0/0"), prefix("::/0"))).toBe(false);
  });
});
