/** The lines of `nft monitor` (1.0.6), and what only looks like one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTraceLine } from "../../src/gate/trace/monitor.ts";
import type { Role } from "../../src/program/index.ts";

const ROLES = new Map<string, Role["kind"]>([
  ["ssh_grants4", "grants"],
  ["ssh_single_grants6", "grants"],
  ["ssh_stage1_4", "stage"],
  ["wrong4", "wrong"],
  ["auto_banned4", "auto-banned"],
  ["ssh_opening4", "opening"],
]);

const tellsOf = (line: string) => parseTraceLine(line, ROLES)?.tells;
const rule = (text: string, chain = "x") => `trace id c66325ea inet postern ${chain} rule ${text}`;

const ETHER =
  'iif "eth0" ether saddr 7a:b6:92:6d:71:b0 ether daddr 96:e2:19:11:0a:27 ip saddr 10.92.0.1 ip daddr 10.92.0.2 ip dscp cs0 ip ecn not-ect ip ttl 64';
const packet = (text: string) =>
  `trace id 0ac1 inet postern prerouting packet: ${ETHER} ip id 5311 ${text} `;
const NONE = {
  port: undefined,
  sourcePort: undefined,
  flags: undefined,
  payloadBytes: undefined,
  to: "10.92.0.2",
};

describe("a packet", () => {
  test.each([
    [
      "ip protocol tcp ip length 60 tcp sport 50340 tcp dport 22 tcp flags == syn tcp window 64240",
      { protocol: "tcp", port: 22, sourcePort: 50340, flags: ["syn"] },
    ],
    [
      "ip protocol tcp ip length 40 tcp sport 1 tcp dport 22 tcp flags == 0x29 tcp window 1024",
      { protocol: "tcp", port: 22, sourcePort: 1, flags: ["fin", "psh", "urg"] },
    ],
    [
      "ip protocol tcp ip length 40 tcp sport 1 tcp dport 22 tcp flags == 0x0 tcp window 1024",
      { protocol: "tcp", port: 22, sourcePort: 1, flags: [] },
    ],
    [
      "ip protocol tcp ip length 40 tcp sport 1 tcp dport 22 tcp flags == psh,ack tcp window 1",
      { protocol: "tcp", port: 22, sourcePort: 1, flags: ["psh", "ack"] },
    ],
    [
      "ip protocol tcp ip length 28 tcp sport 50073 tcp dport 22",
      { protocol: "tcp", port: 22, sourcePort: 50073 },
    ],
    [
      "ip protocol tcp ip length 84 @nh,160,160 0x10727 tcp sport 62351 tcp dport 22 tcp flags == syn tcp window 1",
      { protocol: "tcp", port: 22, sourcePort: 62351, flags: ["syn"] },
    ],
    [
      "ip protocol udp ip length 29 udp sport 46248 udp dport 54040 udp length 9 @th,64,8 0x0",
      { protocol: "udp", port: 54040, sourcePort: 46248 },
    ],
    [
      "ip protocol icmp ip length 91 icmp type echo-request icmp code net-unreachable icmp id 4901 icmp sequence 1 @th,64,96 0xb1",
      { protocol: "ping", payloadBytes: 63 },
    ],
    ["ip protocol icmp ip length 56 icmp type destination-unreachable", { protocol: "icmp" }],
    ["ip protocol igmp ip length 28 igmp type membership-query igmp mrt 0", { protocol: "igmp" }],
  ])("%s", (text, of) => {
    expect(tellsOf(packet(text))).toEqual({ kind: "packet", packet: { ...NONE, ...of } });
  });

  test("over IPv6, of which the length is without the header", () => {
    const line =
      'trace id 4 inet postern prerouting packet: iif "eth0" ether saddr 7a:b6:92:6d:71:b0 ether daddr 96:e2:19:11:0a:27 ip6 saddr fd92::1 ip6 daddr fd92::2 ip6 dscp cs0 ip6 ecn not-ect ip6 hoplimit 64 ip6 flowlabel 483730 ip6 nexthdr ipv6-icmp ip6 length 71 icmpv6 type echo-request icmpv6 code no-route icmpv6 parameter-problem 321454081 @th,64,96 0xb2 ';
    expect(tellsOf(line)).toEqual({
      kind: "packet",
      packet: { ...NONE, protocol: "ping", payloadBytes: 63, to: "fd92::2" },
    });
  });

  test("of which nft could read nothing", () => {
    const line = 'trace id 4 inet t c packet: iif "eth0" ether type ip6 @th,0,160 0x6007';
    expect(tellsOf(line)).toEqual({
      kind: "packet",
      packet: { ...NONE, protocol: "other", to: undefined },
    });
  });
});

describe("a rule", () => {
  test.each([
    ["th dport 22 jump door_ssh (verdict jump door_ssh)", "jump", "door_ssh"],
    ["goto refuse_ssh (verdict goto refuse_ssh)", "goto", "refuse_ssh"],
    ["accept (verdict accept)", "accept", ""],
    ['counter name "ssh_refused" drop (verdict drop)', "drop", ""],
    ["tcp dport 51001 return (verdict return)", "return", ""],
    ["meta nftrace set 1 (verdict continue)", "continue", ""],
    ['tcp dport 1 comment "x (verdict drop)" accept (verdict accept)', "accept", ""],
  ])("%s", (text, verdict, target) => {
    expect(tellsOf(rule(text))).toMatchObject({
      kind: "link",
      link: { chain: "x", verdict, target },
    });
  });

  test.each([
    ["ip saddr @ssh_grants4 goto pass", { of: "grants", forgets: false }],
    ["update @ssh_stage1_4 { ip saddr timeout 10s }", { of: "stage", seconds: 10 }],
    ["update @ssh_stage1_4 { ip saddr timeout 1d2h3m4s }", { seconds: 93_784 }],
    ["update @ssh_stage1_4 { ip saddr timeout 1m500ms }", { seconds: 60 }],
    [
      "add @wrong4 { ip saddr timeout 1m limit rate over 1/week burst 2 packets} delete @wrong4 { ip saddr } update @auto_banned4 { ip saddr timeout 1h } goto banned_ssh",
      { of: "wrong", seconds: 3600, forgets: true },
    ],
    [
      "ip6 saddr & ffff:ffff:ffff:ffff:: @ssh_single_grants6 delete @ssh_single_grants6 { ip6 saddr } goto pass",
      { of: "grants", forgets: true },
    ],
    ["ip saddr . tcp sport . ip daddr . tcp dport @ssh_opening4 accept", { of: "opening" }],
    ["ip saddr @strangers accept", { of: undefined }],
    ['counter name "ssh_refused" goto answer_as_closed', { answers: true }],
  ])("%s", (text, says) => {
    expect(tellsOf(rule(`${text} (verdict continue)`))).toMatchObject({ link: { says } });
  });

  test("that nft does not know any more says where the packet went, and nothing else", () => {
    const line =
      "trace id e5112e48 inet postern at_ssh_1 unknown rule handle 97 (verdict goto made_ssh_2)";
    expect(tellsOf(line)).toMatchObject({
      link: { chain: "at_ssh_1", verdict: "goto", target: "made_ssh_2", says: undefined },
    });
  });
});

test("the end of a base chain", () => {
  expect(parseTraceLine("trace id 1 inet filter input policy drop ", ROLES)).toEqual({
    id: "1",
    table: "inet filter",
    chain: "input",
    tells: { kind: "policy", verdict: "drop" },
  });
});

describe("no line of a trace is", () => {
  test.each([
    "",
    "trace id",
    "trace id xyz inet postern prerouting policy accept",
    "trace id 123456789 inet postern prerouting policy accept",
    "trace id 1 inet postern prerouting",
    "trace id 1 inet postern prerouting odd accept",
    "trace id 1 inet po stern prerouting policy accept",
    "trace id 1 inet postern \u001b[31m policy accept",
    "trace id 1 inet postern x rule accept",
    "trace id 1 inet postern x rule accept (verdict explode)",
    "trace id 1 inet postern x rule accept (verdict goto )",
    " trace id 1 inet postern x rule accept (verdict accept)",
    "# new generation 13 by process 8265 (nft)",
    "# trace id 1 inet postern x rule accept (verdict accept)",
    "add rule inet postern x accept",
  ])("%j", (line) => {
    expect(parseTraceLine(line, ROLES)).toBeUndefined();
  });

  test("anything odd, and none of it is a fault of ours", () => {
    const words = fc.constantFrom(
      ..."trace id 1 0a inet postern x prerouting packet: rule policy accept (verdict drop) goto @ { } unknown handle".split(
        " ",
      ),
      "\u001b",
      "timeout 1s",
      "tcp dport 22",
    );
    const lines = fc.oneof(
      fc.string(),
      fc.array(words).map((all) => all.join(" ")),
      fc.array(words).map((all) => rule(all.join(" "))),
    );
    fc.assert(
      fc.property(lines, (line) => {
        parseTraceLine(line, ROLES);
      }),
      { numRuns: 5000 },
    );
  });
});
