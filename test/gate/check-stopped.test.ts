/** What a check says of other firewalls, by their rules as their programs print them. */
import { describe, expect, test } from "vitest";
import { endingsOf, type Rule } from "../../src/gate/check/firewalls/endings.ts";
import { type OtherRules, stoppersOf } from "../../src/gate/check/firewalls/stoppers.ts";

import { listener, told } from "./around.ts";

const SSH = { protocol: "tcp", ports: { first: 22, last: 22 } } as const;
const NONE: OtherRules = { nftables: "", iptables: [] };

describe("chains", () => {
  const rule = (then: Rule["then"], applies: Rule["applies"] = "always"): Rule => ({
    applies,
    then,
  });
  const ends = (chains: Readonly<Record<string, readonly Rule[]>>) =>
    [...endingsOf(new Map(Object.entries(chains)), "a")].toSorted((a, b) => a.localeCompare(b));

  test.each<[string, Parameters<typeof ends>[0], readonly string[]]>([
    ["without rules end", { a: [] }, ["end"]],
    [
      "stop at the first rule that applies",
      { a: [rule({ kind: "stop" }), rule({ kind: "accept" })] },
      ["stop"],
    ],
    ["pass by rules that do not", { a: [rule({ kind: "stop" }, "never")] }, ["end"]],
    [
      "may go on where it is not known",
      { a: [rule({ kind: "accept" }, "perhaps"), rule({ kind: "stop" })] },
      ["accept", "stop"],
    ],
    [
      "come back from a jump, and go on",
      {
        a: [rule({ kind: "jump", chain: "b" }), rule({ kind: "stop" })],
        b: [rule({ kind: "return" })],
      },
      ["stop"],
    ],
    [
      "do not come back from a goto",
      { a: [rule({ kind: "goto", chain: "b" }), rule({ kind: "stop" })], b: [] },
      ["end"],
    ],
    ["that lead to themselves end", { a: [rule({ kind: "jump", chain: "a" })] }, ["end"]],
  ])("%s", (_, chains, expected) => {
    expect(ends(chains)).toEqual(expected);
  });
});

describe("iptables", () => {
  const saved = (...rules: readonly string[]) => `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
${rules.map((one) => `-A ${one}\n`).join("")}COMMIT
`;
  const remedies = (text: string) =>
    stoppersOf(
      { ...NONE, iptables: [{ program: "iptables", family: "ipv4", saved: text }] },
      SSH,
    ).map(({ remedy }) => remedy);
  const STOPS = ["iptables -I INPUT -p tcp --dport 22 -j ACCEPT"];

  test.each([
    ["INPUT -p tcp -m tcp --dport 22 -j ACCEPT"],
    ["INPUT -p tcp -m multiport --dports 80,20:30 -j ACCEPT"],
    [
      'INPUT -p tcp -m comment --comment "-j DROP" -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT',
    ],
    ["INPUT ! -p udp -j ACCEPT"],
    ["INPUT -j web", "web -p tcp -m tcp --dport 22 -j ACCEPT"],
    ["INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j ACCEPT"],
    ["INPUT -j LOG", "INPUT -j ACCEPT"],
    ["INPUT -p tcp -j NFQUEUE --queue-num 0"],
  ])("that lets some through with `%s` is left alone", (...rules) => {
    expect(remedies(saved(...rules))).toEqual([]);
  });

  test.each([
    ["INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"],
    ["INPUT -i lo -j ACCEPT"],
    ["INPUT -p tcp -m tcp --dport 80 -j ACCEPT"],
    ["INPUT -p udp -m udp --dport 22 -j ACCEPT"],
    ["INPUT -p tcp -m tcp ! --dport 22 -j ACCEPT"],
    ["INPUT -g web", "INPUT -j ACCEPT"],
    ["INPUT -p tcp -m comment --comment --dport -m tcp --dport 80 -j ACCEPT"],
    ["INPUT -p tcp -j REJECT --reject-with tcp-reset", "INPUT -j ACCEPT"],
  ])("that lets nobody through for all of `%s` is told of", (...rules) => {
    expect(remedies(saved(...rules))).toEqual(STOPS);
  });
});

describe("nftables", () => {
  const chain = { family: "ip", table: "filter", name: "INPUT", hook: "input", policy: "drop" };
  const port = (right: unknown) => ({
    match: { op: "==", left: { payload: { protocol: "tcp", field: "dport" } }, right },
  });
  const listed = (...expr: readonly unknown[]): string => {
    const rule = { family: "ip", table: "filter", chain: "INPUT", expr };
    return JSON.stringify({ nftables: [{ chain }, { rule }] });
  };
  const isStopped = (nftables: string, service: Parameters<typeof stoppersOf>[1] = SSH) =>
    stoppersOf({ ...NONE, nftables }, service).length > 0;

  test.each<[string, readonly unknown[], boolean]>([
    ["its port", [port(22), { accept: null }], false],
    ["a set with it", [port({ set: [80, { range: [20, 30] }] }), { accept: null }], false],
    ["a set with a name, which may hold it", [port("@open"), { accept: null }], false],
    ["another port", [port(80), { accept: null }], true],
    ["a queue", [{ queue: null }], false],
    ["a map with a name", [{ vmap: { key: {}, data: "@doors" } }], false],
    ["counting alone", [port(22), { counter: null }], true],
  ])("%s: is anybody stopped?", (_, expressions, expected) => {
    expect(isStopped(listed(...expressions))).toBe(expected);
  });

  test("some ports of a door's may be enough for somebody", () => {
    const some = { protocol: "tcp", ports: { first: 20, last: 30 } } as const;
    expect(isStopped(listed(port(22), { accept: null }), some)).toBe(false);
    expect(isStopped(listed(port(80), { accept: null }), some)).toBe(true);
  });

  test("a table of iptables is judged by what iptables prints, where it can print it", () => {
    const nftables = listed(port(80), { accept: null });
    const iptables = [{ program: "iptables", family: "ipv4", saved: "" }] as const;
    expect(stoppersOf({ nftables, iptables }, SSH).map(({ name }) => name)).toEqual([
      "the nftables chain ip filter INPUT",
    ]);
    const saved = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n";
    expect(stoppersOf({ nftables, iptables: [{ ...iptables[0], saved }] }, SSH)).toEqual([]);
  });
});

describe("what is listed", () => {
  test("may be cut short, or no listing at all", () => {
    for (const text of ["", "{", "[]", '{"nftables": 7}', '{"nftables": [null, {"chain": 1}]}']) {
      expect(stoppersOf({ ...NONE, nftables: text }, SSH)).toEqual([]);
    }
  });

  test("is of no matter to a door whose service is not there", () => {
    const policy =
      "doors: { ssh: { protects: tcp/22, sequence: { steps: [21001, 24040, 22777] } } }\n";
    const around = { listeners: [listener("tcp", "127.0.0.1", 22, "sshd")], otherRules: NONE };
    expect(told(policy, around).filter((line) => line.includes("stopped-elsewhere"))).toEqual([]);
  });
});
