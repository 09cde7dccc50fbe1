/** The packets in which tokens stand: each where src/policy/carriers.ts says, and well-formed. */
import { describe, expect, test } from "vitest";
import { domainOf, queryWith } from "../../../src/client/token/dns.ts";
import { requestWith } from "../../../src/client/token/http.ts";
import { helloWith } from "../../../src/client/token/tls.ts";
import { datagramWith } from "../../../src/client/token/udp.ts";
import { CARRIERS, type CarrierKind, WIRE_BYTES } from "../../../src/policy/carriers.ts";

const TOKEN = Buffer.from("abcdefghijklmnop");
const random = (bytes: number) => Buffer.alloc(bytes, 0xcc);
const keyShare = Buffer.alloc(32, 0xbb);
const hello = (host: string) => helloWith({ token: TOKEN, host, keyShare, random });

describe("a token stands where the gate looks for it", () => {
  const packets: readonly (readonly [CarrierKind, (host: string) => Buffer])[] = [
    ["udp", () => datagramWith(TOKEN, random)],
    ["dns", (host) => queryWith(TOKEN, host, "A", random)],
    ["http", (host) => requestWith(TOKEN, host, 80)],
    ["tls", hello],
  ];
  const hosts = ["gate.example.org", "gate", "203.0.113.5", "2001:db8::1", "fe80::1%eth0"];

  test.each(packets)("by %s, whatever the host is called", (kind, make) => {
    const { offset, marks } = CARRIERS[kind];
    for (const host of [...hosts, `${"a".repeat(200)}.b`, "a_b.c", `${"a.".repeat(125)}b`]) {
      const packet = make(host);
      expect(packet.subarray(offset, offset + WIRE_BYTES)).toEqual(TOKEN);
      for (const { at, bytes } of marks) {
        expect([...packet.subarray(at, at + bytes.length)]).toEqual([...bytes]);
      }
      // In one segment, or one datagram, over every link.
      expect(packet.length).toBeLessThan(1000);
    }
  });
});

describe("a datagram", () => {
  test("has from 32 to 79 bytes, as it happens", () => {
    for (const [first, bytes] of [
      [0, 32],
      [47, 79],
      [48, 32],
      [255, 47],
    ] as const) {
      expect(datagramWith(TOKEN, (count) => Buffer.alloc(count, first))).toHaveLength(bytes);
    }
  });
});

describe("a DNS query", () => {
  test("is that of dig 9.18, but for what is random in it", () => {
    expect(queryWith(TOKEN, "gate.example.org", "A", random).toString("hex")).toBe(
      "cccc" +
        "01200001000000000001106162636465666768696a6b6c6d6e6f70076578616d706c65036f7267000001" +
        "000100002904d000000000000c000a0008" +
        "cccccccccccccccc",
    );
  });

  test("asks for AAAA if it is to", () => {
    const query = queryWith(TOKEN, "example.org", "AAAA", random).toString("latin1");
    expect(query).toContain("\u0007example\u0003org\u0000\u0000\u001c\u0000\u0001");
  });

  test.each([
    ["gate.example.org", "example.org"],
    ["example.org", "example.org"],
    ["a.b.example.co.uk", "b.example.co.uk"],
    ["gate", "home.arpa"],
    ["203.0.113.5", "home.arpa"],
    ["2001:db8::1", "home.arpa"],
    ["fe80::1%eth0", "home.arpa"],
    [`gate.${"a".repeat(64)}.org`, "home.arpa"],
    [`gate.${"abcdefgh.".repeat(27)}org`, "home.arpa"],
  ])("to %s is for a name in %s", (host, domain) => {
    expect(domainOf(host)).toBe(domain);
  });
});

describe("an HTTP request", () => {
  test.each([
    ["gate.example.org", 80, "gate.example.org"],
    ["gate.example.org", 8080, "gate.example.org:8080"],
    ["2001:db8::1", 80, "[2001:db8::1]"],
    ["fe80::1%eth0", 8080, "[fe80::1]:8080"],
    ["203.0.113.5", 81, "203.0.113.5:81"],
  ])("to %s, port %d, is that of curl", (host, port, written) => {
    expect(requestWith(TOKEN, host, port).toString()).toBe(
      `GET /abcdefghijklmnop HTTP/1.1\r\nHost: ${written}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n`,
    );
  });
});

describe("a ClientHello", () => {
  test("is that of curl 7.88 with OpenSSL 3.0, but for what is random in it", () => {
    expect(hello("gate.example.org").toString("hex")).toBe(
      `${`16030102000100 01fc0303 ${TOKEN.toString("hex")} ${"cc".repeat(16)} 20 ${"cc".repeat(32)}
      003e130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009
      c0130033009d009c003d003c0035002f00ff01000175000000150013000010676174652e6578616d706c652e6f72
      67000b000403000102000a00160014001d0017001e00190018010001010102010301040010000e000c0268320868
      7474702f312e31001600000017000000310000000d002a0028040305030603080708080809080a080b0804080508
      06040105010601030303010302040205020602002b0009080304030303020301002d00020101003300260024001d
      0020 ${"bb".repeat(32)} 001500ad`.replaceAll(/\s/g, "")}${"00".repeat(0xad)}`,
    );
  });

  test.each(["203.0.113.5", "2001:db8::1", "fe80::1%eth0"])("to %s has no name in it", (host) => {
    const text = hello(host).toString("hex");
    expect(text).toHaveLength(2 * 517);
    expect(text).toContain("01000175000b0004");
  });

  test("of a long name has no padding", () => {
    expect(hello(`${"a".repeat(60)}.`.repeat(4).slice(0, -1)).toString("hex")).toMatch(
      /(?:bb){32}$/,
    );
  });
});
