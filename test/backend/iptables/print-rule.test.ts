/** Each word of the language as iptables reads it. That it reads it so, test/kernel shows. */
import { describe, expect, test } from "vitest";
import { listFor, windowFor } from "../../../src/backend/iptables/lists.ts";
import { type Names, printRule } from "../../../src/backend/iptables/print-rule.ts";
import type { Action, Match, Rule, TimedSet, Verdict } from "../../../src/program/index.ts";
import { prefix, setOf } from "../../program/language.ts";

const set = setOf({ name: "some4" });
const two = setOf({ name: "two4" });
const six = setOf({ name: "six6", family: "ipv6", key: { kind: "source", prefixLength: 128 } });
const cut = setOf({ name: "cut6", family: "ipv6", key: { kind: "source", prefixLength: 64 } });
const odd = setOf({ name: "odd6", family: "ipv6", key: { kind: "source", prefixLength: 50 } });
const flows = setOf({ name: "flows4", key: { kind: "flow" } });
const counter = { name: "ssh_open", door: "ssh", counts: "open" } as const;

/** The name of a list, without the digits that stand for what it means. */
const bare = (line: string) => line.replaceAll(/(postern-\w+-\w+)-[0-9a-f]{8}/g, "$1");

const NAMES: Names = {
  chain: (chain) => `POSTERN-${chain}`,
  logged: (door) => door,
  lists: (of: TimedSet) => (of.name === "two4" ? [10, 60] : [10]).map((s) => listFor(of, s)),
  counted: () => 0,
};

const NEXT: Verdict = { kind: "next" };
const rule = (over: Partial<Rule>): Rule => ({ when: [], then: [], to: NEXT, ...over });
const print = (over: Partial<Rule>, names: Partial<Names> = {}) =>
  printRule(rule(over), { ...NAMES, ...names }).map(bare);

const MATCHES: readonly [Match, readonly string[]][] = [
  [{ kind: "protocol", is: "tcp" }, ["-p tcp"]],
  [{ kind: "protocol", is: "udp" }, ["-p udp"]],
  [{ kind: "protocol", is: "icmp" }, ["-4 -p icmp"]],
  [{ kind: "protocol", is: "icmpv6" }, ["-6 -p icmpv6"]],
  [{ kind: "to-port", first: 22, last: 22 }, ["-p tcp --dport 22", "-p udp --dport 22"]],
  [{ kind: "to-port", first: 1, last: 9 }, ["-p tcp --dport 1:9", "-p udp --dport 1:9"]],
  [{ kind: "from-loopback" }, ["-i lo"]],
  [{ kind: "source", in: prefix("192.0.2.0/24") }, ["-4 -s 192.0.2.0/24"]],
  [{ kind: "source", in: prefix("2001:db8::/64") }, ["-6 -s 2001:db8::/64"]],
  [{ kind: "destination", in: prefix("192.0.2.7") }, ["-4 -d 192.0.2.7"]],
  [
    { kind: "destined-here" },
    [
      "-4 -m addrtype ! --dst-type UNICAST",
      "-6 -m addrtype --dst-type LOCAL",
      "-6 -m addrtype --dst-type ANYCAST",
      "-6 -d ff00::/8",
    ],
  ],
  [{ kind: "new-connection", is: true }, ["-p tcp --syn"]],
  [{ kind: "new-connection", is: false }, ["-p tcp ! --syn"]],
  [{ kind: "any-flag", of: ["ack", "rst"] }, ["-p tcp ! --tcp-flags ACK,RST NONE"]],
  [
    { kind: "echo-request", family: "ipv4", payloadBytes: 0 },
    [
      '-4 -p icmp --icmp-type echo-request -m u32 --u32 "0&0x0F000000=0x05000000" -m length --length 28',
    ],
  ],
  [
    { kind: "echo-request", family: "ipv6", payloadBytes: 1232 },
    [
      '-6 -p icmpv6 --icmpv6-type echo-request -m u32 --u32 "4&0x0000FF00=0x3A00" -m length --length 1280',
    ],
  ],
  [{ kind: "member", of: set }, ["-4 -m recent --rcheck --seconds 10 --name postern-some4-10s"]],
  [
    { kind: "member", of: two },
    [
      "-4 -m recent --rcheck --seconds 10 --name postern-two4-10s",
      "-4 -m recent --rcheck --seconds 60 --name postern-two4-60s",
    ],
  ],
  [{ kind: "member", of: six }, ["-6 -m recent --rcheck --seconds 10 --name postern-six6-10s"]],
  [
    { kind: "member", of: cut },
    ["-6 -m recent --rcheck --seconds 10 --name postern-cut6-10s --mask ffff:ffff:ffff:ffff::"],
  ],
  [
    { kind: "member", of: odd },
    ["-6 -m recent --rcheck --seconds 10 --name postern-odd6-10s --mask ffff:ffff:ffff:c000::"],
  ],
  [
    { kind: "spend", of: set },
    [
      "-4 -m recent --rcheck --seconds 10 --name postern-some4-10s -m recent --remove --name postern-some4-10s",
    ],
  ],
  [{ kind: "bound-socket" }, ["-m socket"]],
];

test.each(MATCHES.map((row) => [row[1][0], ...row] as const))(
  "a rule asks: %s",
  (_, match, ways) => {
    expect(print({ when: [match], to: { kind: "drop" } })).toEqual(
      ways.map((way) => `${way} -j DROP`),
    );
  },
);

test("an interface is named as the host names it, a pattern as iptables writes it", () => {
  const lineFor = (name: string, isPrefix: boolean) =>
    print({ when: [{ kind: "interface", name, isPrefix }], to: { kind: "drop" } })[0];
  expect(lineFor("eth0.1@if2", false)).toMatch(/^-i "?eth0\.1@if2"? -j DROP$/);
  expect(lineFor("ppp", true)).toMatch(/^-i "?ppp\+"? -j DROP$/);
});

test("nobody is in a list for ever whose list is not for ever", () => {
  const banned = { lists: (of: TimedSet) => [listFor(of, undefined), listFor(of, 60)] };
  expect(print({ when: [{ kind: "member", of: set }], to: { kind: "drop" } }, banned)).toEqual([
    "-4 -m recent --rcheck --name postern-some4-always -j DROP",
    "-4 -m recent --rcheck --seconds 60 --name postern-some4-60s -j DROP",
  ]);
});

describe("where a rule asks for several things", () => {
  test("the protocol comes first, and what has several ways comes in all of them", () => {
    const when: Match[] = [
      { kind: "to-port", first: 22, last: 22 },
      { kind: "protocol", is: "tcp" },
      { kind: "destined-here" },
    ];
    expect(print({ when, to: { kind: "goto", chain: "door_ssh" } })).toEqual([
      "-4 -p tcp --dport 22 -m addrtype ! --dst-type UNICAST -g POSTERN-door_ssh",
      "-6 -p tcp --dport 22 -m addrtype --dst-type LOCAL -g POSTERN-door_ssh",
      "-6 -p tcp --dport 22 -m addrtype --dst-type ANYCAST -g POSTERN-door_ssh",
      "-6 -p tcp --dport 22 -d ff00::/8 -g POSTERN-door_ssh",
    ]);
  });

  test("a membership that goes on is prolonged by the look-up, in whichever list it is", () => {
    const then: Action[] = [{ kind: "remember", in: two, seconds: 60, renew: true }];
    const when: Match[] = [{ kind: "member", of: two }];
    expect(print({ when, then, to: { kind: "return" } })).toEqual([
      "-4 -m recent --rcheck --seconds 10 --name postern-two4-10s -m recent --remove --name postern-two4-10s -m recent --set --name postern-two4-60s -j RETURN",
      "-4 -m recent --update --seconds 60 --name postern-two4-60s -j RETURN",
    ]);
  });

  test("whoever spends a grant gets a session in the same line, and loses the grant once", () => {
    const then: Action[] = [
      { kind: "forget", in: set },
      { kind: "remember", in: two, seconds: 60, renew: true },
    ];
    expect(print({ when: [{ kind: "spend", of: set }], then, to: { kind: "return" } })).toEqual([
      "-4 -m recent --rcheck --seconds 10 --name postern-some4-10s -m recent --remove --name postern-some4-10s -m recent --set --name postern-two4-60s -j RETURN",
    ]);
  });

  test("what can fail is not done in the line that asks", () => {
    const then: Action[] = [{ kind: "forget", in: two }];
    expect(() => print({ when: [{ kind: "member", of: set }], then })).toThrow("forget");
  });
});

const ACTIONS: readonly [Action, readonly string[]][] = [
  [
    { kind: "remember", in: set, seconds: 10, renew: true },
    ["-4 -m recent --set --name postern-some4-10s"],
  ],
  [
    { kind: "remember", in: two, seconds: 10, renew: true },
    ["-4 -m recent --remove --name postern-two4-60s", "-4 -m recent --set --name postern-two4-10s"],
  ],
  [
    { kind: "forget", in: two },
    [
      "-4 -m recent --remove --name postern-two4-10s",
      "-4 -m recent --remove --name postern-two4-60s",
    ],
  ],
  [{ kind: "count", in: counter }, ['-m comment --comment "counts=ssh_open"']],
  [
    { kind: "log", line: "open", door: "ssh" },
    [
      '-m hashlimit --hashlimit-name postern-open --hashlimit-upto 5/second --hashlimit-burst 20 -j LOG --log-level info --log-prefix "postern: open door=ssh "',
    ],
  ],
];

test.each(ACTIONS.map((row) => [row[1][0], ...row] as const))(
  "a rule does: %s",
  (_, action, lines) => {
    expect(print({ then: [action] })).toEqual(lines);
    const decides = action.kind === "count" ? [`${lines[0]} -j DROP`] : [...lines, lastOf(lines)];
    expect(print({ then: [action], to: { kind: "drop" } })).toEqual(decides);
  },
);

/** The decision, for the family that the lines before it are for. */
function lastOf([first = ""]: readonly string[]): string {
  return first.startsWith("-4") ? "-4 -j DROP" : "-j DROP";
}

test("what was counted before is counted on, in the line of one family", () => {
  expect(print({ then: [{ kind: "count", in: counter }] }, { counted: () => 7 })).toEqual([
    '-4 -m comment --comment "counts=ssh_open" -c 7 0',
    '-6 -m comment --comment "counts=ssh_open"',
  ]);
});

test("strikes are counted from the first of them, and the last goes on", () => {
  const strike = { kind: "strike", in: set, seconds: 60, after: 3 } as const;
  expect(print({ then: [strike], to: { kind: "goto", chain: "banned" } })).toEqual([
    "-4 -m recent ! --rcheck --seconds 60 --name postern-some4-window -m recent --remove --name postern-some4-60s",
    "-4 -m recent ! --rcheck --seconds 60 --name postern-some4-window -m recent --set --name postern-some4-window",
    "-4 -m recent --set --name postern-some4-60s",
    "-4 -m recent ! --rcheck --hitcount 3 --name postern-some4-60s -j RETURN",
    "-4 -m recent --remove --name postern-some4-window",
    "-4 -g POSTERN-banned",
  ]);
  expect(windowFor(strike).name).not.toBe(listFor(set, 60).name);
});

test.each([
  [{ kind: "drop" }, "-j DROP"],
  [{ kind: "return" }, "-j RETURN"],
  [{ kind: "jump", chain: "x" }, "-j POSTERN-x"],
  [{ kind: "goto", chain: "x" }, "-g POSTERN-x"],
] as const)("where a packet goes: %j", (to, words) => {
  expect(print({ to })).toEqual([words]);
});

test("a note stands above its lines", () => {
  expect(print({ note: "why", to: { kind: "drop" } })).toEqual(["# why", "-j DROP"]);
});

describe("iptables is never made to say what it cannot:", () => {
  test.each([{ kind: "pass" }, { kind: "reset" }] as const)("%j", (to) => {
    expect(() => print({ to })).toThrow(to.kind);
  });

  test.each([{ kind: "listener-only" }, { kind: "readable-ports" }] as const)("%j", (match) => {
    expect(() => print({ when: [match] })).toThrow(match.kind);
  });

  test("members that are no sources", () => {
    expect(() => print({ when: [{ kind: "member", of: flows }] })).toThrow("flow");
  });
});
