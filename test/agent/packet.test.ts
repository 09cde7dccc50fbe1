/** What a packet that was handed over carries. */
import { describe, expect, test } from "vitest";
import { parseCarried } from "../../src/agent/packet.ts";
import { printAddress } from "../../src/policy/address.ts";
import { everyOne, LIMIT } from "../setup/fuzz.ts";

const PAYLOAD = Buffer.from("a knock of so many bytes");

function ipv4(protocol: number, options = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x40 + (20 + options.length) / 4;
  header[9] = protocol;
  header.set([192, 0, 2, 7], 12);
  const packet = Buffer.concat([header, options, Buffer.alloc(8), PAYLOAD]);
  packet.writeUInt16BE(packet.length, 2);
  return packet;
}

function ipv6(protocol: number, extensions: readonly (readonly [number, Buffer])[] = []): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.set(Buffer.from("20010db8000000000000000000000007", "hex"), 8);
  const kinds = [...extensions.map(([kind]) => kind), protocol];
  header[6] = kinds[0] ?? 0;
  const chain = extensions.map(([, content], n) => {
    const bytes = Buffer.concat([
      Buffer.of(kinds[n + 1] ?? 0, (content.length + 2) / 8 - 1),
      content,
    ]);
    return bytes;
  });
  const rest = Buffer.concat([...chain, Buffer.alloc(8), PAYLOAD]);
  header.writeUInt16BE(rest.length, 4);
  return Buffer.concat([header, rest]);
}

/** One of hop-by-hop options, which says that another follows. */
function endless(): Buffer {
  const packet = Buffer.alloc(48);
  packet[0] = 0x60;
  packet.writeUInt16BE(8, 4);
  return packet;
}

describe("of both families", () => {
  test.each([
    ["an echo request", ipv4(1), "192.0.2.7"],
    ["a datagram", ipv4(17), "192.0.2.7"],
    ["a datagram behind IP options", ipv4(17, Buffer.alloc(8, 1)), "192.0.2.7"],
    ["an echo request of IPv6", ipv6(58), "2001:db8::7"],
    ["a datagram of IPv6", ipv6(17), "2001:db8::7"],
    [
      "a datagram behind extension headers",
      ipv6(17, [
        [0, Buffer.alloc(6)],
        [60, Buffer.alloc(14)],
      ]),
      "2001:db8::7",
    ],
  ])("%s has its sender and its payload", (_, packet, source) => {
    const carried = parseCarried(packet);
    expect(carried === undefined ? "" : printAddress(carried.source)).toBe(source);
    expect(Buffer.from(carried?.payload ?? [])).toEqual(PAYLOAD);
  });

  test("what follows the packet is not part of it", () => {
    const carried = parseCarried(Buffer.concat([ipv4(17), Buffer.alloc(6, 9)]));
    expect(Buffer.from(carried?.payload ?? [])).toEqual(PAYLOAD);
  });
});

test.each([
  ["TCP", ipv4(6)],
  ["ICMPv6 in IPv4", ipv4(58)],
  ["ICMP in IPv6", ipv6(1)],
  ["a packet of which the end is missing", ipv4(17).subarray(0, 40)],
  ["nothing", Buffer.alloc(0)],
  ["an extension header after which the next would come", endless()],
  ["extension headers without end", ipv6(0, [[0, Buffer.alloc(6)]])],
])("%s carries nothing", (_, packet) => {
  expect(parseCarried(packet)).toBeUndefined();
});

test("nothing that is read makes it throw", LIMIT, () => {
  everyOne([ipv4(17), ipv6(58), ipv6(17, [[0, Buffer.alloc(6)]])], (input) => {
    parseCarried(input);
  });
});
