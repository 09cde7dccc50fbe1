/** Each word of the language as nft reads it. That it reads it so, test/kernel shows. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printQuickly, printRule } from "../../../src/backend/nftables/print-rule.ts";
import type { Action, Match, Rule, Verdict } from "../../../src/program/index.ts";
import { prefix, setOf } from "../../program/language.ts";

const set = setOf({ name: "some4" });
const set6 = setOf({ name: "some6", family: "ipv6", key: { kind: "source", prefixLength: 128 } });
const cut = setOf({ name: "cut6", family: "ipv6", key: { kind: "source", prefixLength: 64 } });
const flows = setOf({ name: "flows4", key: { kind: "flow" } });
const counter = { name: "ssh_open", door: "ssh", counts: "open" } as const;

const NEXT: Verdict = { kind: "next" };
const rule = (over: Partial<Rule>): Rule => ({ when: [], then: [], to: NEXT, ...over });

const MATCHES: readonly [Match, string][] = [
  [{ kind: "protocol", is: "tcp" }, "meta l4proto tcp"],
  [{ kind: "protocol", is: "udp" }, "meta l4proto udp"],
  [{ kind: "protocol", is: "icmp" }, "meta l4proto icmp"],
  [{ kind: "protocol", is: "icmpv6" }, "meta l4proto icmpv6"],
  [{ kind: "to-port", first: 22, last: 22 }, "th dport 22"],
  [{ kind: "to-port", first: 1, last: 65535 }, "th dport 1-65535"],
  [{ kind: "from-loopback" }, 'iif "lo"'],
  [{ kind: "interface", name: "eth0.1@if2", isPrefix: false }, 'iifname "eth0.1@if2"'],
  [{ kind: "interface", name: "ppp", isPrefix: true }, 'iifname "ppp*"'],
  [{ kind: "source", in: prefix("192.0.2.0/24") }, "ip saddr 192.0.2.0/24"],
  [{ kind: "source", in: prefix("2001:db8::/64") }, "ip6 saddr 2001:db8::/64"],
  [{ kind: "destination", in: prefix("192.0.2.7") }, "ip daddr 192.0.2.7"],
  [{ kind: "destination", in: prefix("2001:db8::7") }, "ip6 daddr 2001:db8::7"],
  [{ kind: "destined-here" }, "fib daddr type != unicast"],
  [{ kind: "new-connection", is: true }, "tcp flags & (fin | syn | rst | ack) == syn"],
  [{ kind: "new-connection", is: false }, "tcp flags & (fin | syn | rst | ack) != syn"],
  [{ kind: "any-flag", of: ["fin", "rst"] }, "tcp flags & (fin | rst) != 0"],
  [
    { kind: "echo-request", family: "ipv4", payloadBytes: 0 },
    "icmp type echo-request ip hdrlength 5 ip length 28",
  ],
  [
    { kind: "echo-request", family: "ipv6", payloadBytes: 1232 },
    "icmpv6 type echo-request ip6 nexthdr icmpv6 ip6 length 1240",
  ],
  [{ kind: "member", of: set }, "ip saddr @some4"],
  [{ kind: "member", of: set6 }, "ip6 saddr @some6"],
  [{ kind: "member", of: cut }, "ip6 saddr & ffff:ffff:ffff:ffff:: @cut6"],
  [{ kind: "member", of: flows }, "ip saddr . tcp sport . ip daddr . tcp dport @flows4"],
  [{ kind: "fragment", family: "ipv4" }, "ip frag-off & 0x3fff != 0"],
  [{ kind: "fragment", family: "ipv6" }, "exthdr frag exists"],
  [{ kind: "ipv6-fragment", is: "present" }, "exthdr frag exists"],
  [{ kind: "ipv6-fragment", is: "first-header" }, "ip6 nexthdr 44"],
  [{ kind: "ipv6-fragment", is: "behind-hop-by-hop" }, "ip6 nexthdr 0 hbh nexthdr 44"],
  [{ kind: "ipv6-fragment", is: "continued" }, "frag frag-off != 0"],
  [{ kind: "ipv6-fragment", is: "of", header: 43 }, "frag nexthdr 43"],
  [
    { kind: "ipv6-fragment", is: "of-options", header: 4, begins: { byte: 0x40, mask: 0xf0 } },
    "ip6 nexthdr 44 frag nexthdr 60 @nh,384,16 0x0400 @nh,448,8 & 0xf0 == 0x40",
  ],
  [
    { kind: "ipv6-fragment", is: "of-options", header: 47, begins: { byte: 0x20, mask: 0xff } },
    "ip6 nexthdr 44 frag nexthdr 60 @nh,384,16 0x2f00 @nh,448,8 0x20",
  ],
  [{ kind: "readable-ports" }, "@th,0,32 >= 0x0"],
  [{ kind: "spend", of: set }, "ip saddr @some4"],
  [{ kind: "listener-only" }, "socket wildcard 1"],
  [{ kind: "bound-socket" }, "socket wildcard 0"],
  [{ kind: "has-socket" }, "socket transparent <= 1"],
];

const ACTIONS: readonly [Action, string][] = [
  [
    { kind: "remember", in: set, seconds: 10, renew: true },
    "update @some4 { ip saddr timeout 10s }",
  ],
  [{ kind: "remember", in: set, seconds: 10, renew: false }, "add @some4 { ip saddr timeout 10s }"],
  [
    { kind: "remember", in: cut, seconds: 86_400, renew: true },
    "update @cut6 { ip6 saddr & ffff:ffff:ffff:ffff:: timeout 86400s }",
  ],
  [{ kind: "forget", in: set6 }, "delete @some6 { ip6 saddr }"],
  [
    { kind: "strike", in: set, seconds: 60, after: 5 },
    "add @some4 { ip saddr timeout 60s limit rate over 1/week burst 4 packets }",
  ],
  [{ kind: "count", in: counter }, 'counter name "ssh_open"'],
  [
    { kind: "log", line: "open", door: "ssh" },
    'limit name "open_lines" log prefix "postern: open door=ssh " level info',
  ],
];

const VERDICTS: readonly [Verdict, string][] = [
  [{ kind: "pass" }, "accept"],
  [{ kind: "drop" }, "drop"],
  [{ kind: "reset" }, "goto answer_as_closed"],
  [{ kind: "return" }, "return"],
  [{ kind: "jump", chain: "a-b_1" }, "jump a-b_1"],
  [{ kind: "goto", chain: "a-b_1" }, "goto a-b_1"],
  [NEXT, ""],
];

test.each(MATCHES)("the match %o", (match, words) => {
  expect(printRule(rule({ when: [match] }))).toBe(words);
});

test.each(ACTIONS)("the action %o", (action, words) => {
  expect(printRule(rule({ then: [action] }))).toBe(words);
});

test.each(VERDICTS)("the verdict %o", (to, words) => {
  expect(printRule(rule({ to }))).toBe(words);
});

describe("a rule", () => {
  const tcp: Match = { kind: "protocol", is: "tcp" };
  const udp: Match = { kind: "protocol", is: "udp" };
  const port: Match = { kind: "to-port", first: 22, last: 22 };

  test("names a port by its protocol where it asks for both, in either order", () => {
    expect(printRule(rule({ when: [tcp, port] }))).toBe("tcp dport 22");
    expect(printRule(rule({ when: [port, udp] }))).toBe("udp dport 22");
  });

  test("says its protocol where it asks for no port", () => {
    expect(printRule(rule({ when: [udp, { kind: "destined-here" }] }))).toBe(
      "meta l4proto udp fib daddr type != unicast",
    );
  });

  test("has its matches, its actions and its verdict in this order, and a note behind", () => {
    const whole = rule({
      when: [{ kind: "spend", of: set }],
      then: [
        { kind: "forget", in: set },
        { kind: "count", in: counter },
      ],
      to: { kind: "pass" },
      note: "why",
    });
    expect(printRule(whole)).toBe(
      'ip saddr @some4 delete @some4 { ip saddr } counter name "ssh_open" accept  # why',
    );
  });

  test.each([
    [48, "ffff:ffff:ffff::"],
    [49, "ffff:ffff:ffff:8000::"],
    [60, "ffff:ffff:ffff:fff0::"],
    [112, "ffff:ffff:ffff:ffff:ffff:ffff:ffff::"],
    [127, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"],
  ])("cuts IPv6 sources to %d bits", (prefixLength, mask) => {
    const of = setOf({ name: "x6", family: "ipv6", key: { kind: "source", prefixLength } });
    expect(printRule(rule({ when: [{ kind: "member", of }] }))).toBe(`ip6 saddr & ${mask} @x6`);
  });
});

describe("of a rule that every packet meets", () => {
  const quickly = (first: number, last: number) =>
    printQuickly(
      rule({ when: [{ kind: "to-port", first, last }], to: { kind: "jump", chain: "a" } }),
    );

  test("the bits that all ports of a range begin with come first", () => {
    expect(quickly(51_001, 54_040)).toBe("th dport & 0xe000 == 0xc000 th dport 51001-54040 jump a");
    expect(quickly(2000, 2001)).toBe("th dport & 0xfffe == 0x07d0 th dport 2000-2001 jump a");
  });

  test("and nothing does where there are none, or one port", () => {
    expect(quickly(32_767, 32_768)).toBe("th dport 32767-32768 jump a");
    expect(quickly(22, 22)).toBe("th dport 22 jump a");
  });

  test("no port of the range has other first bits", () => {
    fc.assert(
      fc.property(fc.nat({ max: 65_535 }), fc.nat({ max: 65_535 }), (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const [, mask, wanted] = /& 0x(\w+) == 0x(\w+)/.exec(quickly(first, last)) ?? [];
        if (mask === undefined || wanted === undefined) return;
        const bits = (port: number) => port & Number.parseInt(mask, 16);
        for (const port of [first, last, Math.floor((first + last) / 2)]) {
          expect(bits(port)).toBe(Number.parseInt(wanted, 16));
        }
      }),
    );
  });
});
