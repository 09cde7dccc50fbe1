/** What a policy without a problem becomes. */
import { describe, expect, test } from "vitest";
import { printPrefix } from "../../src/policy/address.ts";
import { printInterfaceEntry } from "../../src/policy/interfaces.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Door, Policy } from "../../src/policy/policy.ts";
import { printService } from "../../src/policy/value/service.ts";
import { printStep } from "../../src/policy/value/step.ts";
import { door, keys, sequence, steps, top } from "./refused/row.ts";

function read(text: string): Policy {
  const result = parsePolicy(text, "policy.yaml");
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 2));
  return result.value;
}

function doorOf(text: string): Door {
  const [first] = read(text).doors;
  if (first === undefined) throw new Error("a policy without a door");
  return first;
}

function sequenceOf(text: string) {
  const { sequence } = doorOf(text);
  if (sequence === undefined) throw new Error("a door without a sequence");
  return sequence;
}

test("the smallest policy gets every default", () => {
  expect(read(steps("[51001, udp/54040, tcp/52777]"))).toEqual({
    backend: "auto",
    interfaces: [],
    trusted: [],
    ipv6PrefixLength: 128,
    banIpv6PrefixLength: 64,
    log: false,
    ban: undefined,
    doors: [
      {
        name: "ssh",
        protects: [{ protocol: "tcp", ports: { first: 22, last: 22 } }],
        openForSeconds: 10,
        singleUse: false,
        refuse: "drop",
        destinations: [],
        sessionIdleSeconds: 120,
        sequence: {
          steps: [
            { kind: "port", protocol: "either", port: 51001 },
            { kind: "port", protocol: "udp", port: 54040 },
            { kind: "port", protocol: "tcp", port: 52777 },
          ],
          withinSeconds: 10,
          watch: { first: 51001, last: 54040 },
        },
      },
    ],
  });
});

const BAN = "after: 5, within: 1m, for: 1h";

test.each([
  ["a /64 by default", "", 64],
  ["as many bits as it says", `ban: { ${BAN}, ipv6-prefix: 128 }`, 128],
  ["all of one source, by default", "ipv6-prefix: 56", 56],
  [
    "all of one source, whatever the policy says",
    `ipv6-prefix: 56\nban: { ${BAN}, ipv6-prefix: 64 }`,
    56,
  ],
])("a ban of an IPv6 address covers %s", (_, keys, length) => {
  expect(read(`${keys}\n${steps("[51001]")}`).banIpv6PrefixLength).toBe(length);
});

test("every key arrives", () => {
  const policy = read(`
backend: iptables
interfaces: [eth0, "br-lan.7", wg0@if3, "ppp*", "!lan0", "!veth*"]
trusted: [10.0.0.0/24, 2001:db8:a07b:1::/64, 192.0.2.9]
ipv6-prefix: 64
log: true
ban: { after: 5, within: 1m, for: 1h, ipv6-prefix: 56 }
doors:
  mosh:
    protects: [tcp/22, udp/60000-61000]
    open-for: 24h
    single-use: true
    refuse: reset
    destinations: [203.0.113.7, "2001:db8::7"]
    session-idle: 300s
    sequence:
      steps: [51001, ping/0, ping/1232]
      within: 1s
      watch: 50000-50000
`);
  const [mosh] = policy.doors;
  const lists = {
    interfaces: policy.interfaces.map(printInterfaceEntry),
    trusted: policy.trusted.map(printPrefix),
  };
  expect({ ...policy, ...lists, doors: undefined }).toEqual({
    backend: "iptables",
    interfaces: ["eth0", "br-lan.7", "wg0@if3", "ppp*", "!lan0", "!veth*"],
    trusted: ["10.0.0.0/24", "2001:db8:a07b:1::/64", "192.0.2.9"],
    ipv6PrefixLength: 64,
    banIpv6PrefixLength: 56,
    log: true,
    ban: { after: 5, withinSeconds: 60, forSeconds: 3600 },
    doors: undefined,
  });
  expect(mosh?.protects.map(printService)).toEqual(["tcp/22", "udp/60000-61000"]);
  expect(mosh?.destinations.map(printPrefix)).toEqual(["203.0.113.7", "2001:db8::7"]);
  expect(mosh).toMatchObject({ openForSeconds: 86_400, singleUse: true, refuse: "reset" });
  expect(mosh).toMatchObject({ sessionIdleSeconds: 300 });
  expect(mosh?.sequence?.steps.map(printStep)).toEqual(["51001", "ping/0", "ping/1232"]);
  expect(mosh?.sequence).toMatchObject({ withinSeconds: 1, watch: { first: 50000, last: 50000 } });
});

describe("the watch", () => {
  test("goes from the lowest to the highest port, in whatever order the steps are", () => {
    expect(sequenceOf(steps("[300, ping/9, udp/100, tcp/200]")).watch).toEqual({
      first: 100,
      last: 300,
    });
  });

  test("is one port where one step is a port", () => {
    expect(sequenceOf(steps("[ping/1, 300]")).watch).toEqual({ first: 300, last: 300 });
  });

  test("is none where all steps are pings", () => {
    expect(sequenceOf(steps("[ping/1, ping/2]")).watch).toBeUndefined();
  });

  test("may be named where all steps are pings", () => {
    expect(sequenceOf(sequence("steps: [ping/1]\nwatch: 5-9")).watch).toEqual({
      first: 5,
      last: 9,
    });
  });

  test("need not hold the steps", () => {
    expect(sequenceOf(sequence("steps: [1000]\nwatch: 5-9")).watch).toEqual({ first: 5, last: 9 });
  });
});

const accepted: readonly (readonly [claim: string, policy: string])[] = [
  ["a door that only opens by hand", door("protects: tcp/22")],
  ["16 steps", steps("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]")],
  ["one step", steps("[1]")],
  ["the same step several times", steps("[1, 2, 1, 1]")],
  ["a port in quotes as a step", steps('["51001"]')],
  ["the first and the last port", door("protects: [tcp/1, tcp/65535, udp/1-65535]")],
  ["a list over several lines", sequence("steps:\n- 1\n- udp/2")],
  [
    "everything on one line, as JSON",
    '{"doors": {"ssh": {"protects": ["tcp/22"], "open-for": "5s"}}}',
  ],
  ["line ends of Windows", steps("[1, 2]").replaceAll("\n", "\r\n")],
  ["comments, and the marks of one document", `---\n# why\n${door("protects: tcp/22 # ssh")}...\n`],
  ["a tab before a comment", door("protects: tcp/22\t# ssh")],
  ["a door called by a word that needs quotes", 'doors:\n  "no": { protects: tcp/22 }'],
  ["a door called like a key of a door", "doors:\n  refuse: { protects: tcp/22 }"],
  ["a door's name of 32 characters", `doors:\n  ${"a".repeat(32)}: { protects: tcp/22 }`],
  ["an interface that YAML takes for a number, in quotes", top('interfaces: ["1e3"]')],
  ["the longest pattern of interfaces", top('interfaces: ["abcdefghijklmn*"]')],
  ["nothing but interfaces that are left out", top('interfaces: ["!lan0", "!veth*"]')],
  ["a pattern of which one interface is left out", top('interfaces: ["eth*", "!eth1"]')],
  ["what is left out of nothing that is covered", top('interfaces: [eth0, "!lan0"]')],
  ["a pattern that matches loopback", top('interfaces: ["l*"]')],
  ["an address that ends with a colon, in quotes", top('trusted: ["2001:db8::"]')],
  ["half of all addresses", top("trusted: [0.0.0.0/1]")],
  ["every address as a destination", keys('destinations: [0.0.0.0/0, "::/0"]')],
  ["one port for tcp and udp", "doors:\n  a: { protects: tcp/53 }\n  b: { protects: udp/53 }"],
  ["ranges that touch", door("protects: [tcp/1-9, tcp/10-19]")],
  [
    "one port of two doors that are in front of different hosts",
    "doors:\n  a: { protects: tcp/22, destinations: [192.0.2.1] }\n  b: { protects: tcp/22, destinations: [192.0.2.2, 2001:db8::1] }",
  ],
  ["a step over the other protocol than what is protected", steps("[udp/22]")],
  [
    "an alias",
    "doors:\n  a: { protects: tcp/1, sequence: &s { steps: [5, 6] } }\n  b: { protects: tcp/2, sequence: *s }",
  ],
  [
    "an anchor on a single value",
    "doors:\n  a: { protects: tcp/1, open-for: &t 5s }\n  b: { protects: tcp/2, open-for: *t }",
  ],
  ["a ban by one wrong step", top("ban: { after: 1, within: 1s, for: 24h }")],
  ["text in a block", door("protects: >-\n  tcp/22")],
];

test.each(accepted)("accepted: %s", (_claim, policy) => {
  expect(read(policy).doors.length).toBeGreaterThan(0);
});

test("doors and lists keep the order of the file", () => {
  const policy = read("doors:\n  z: { protects: [tcp/9, tcp/1] }\n  a: { protects: tcp/5 }");
  expect(policy.doors.map(({ name }) => name)).toEqual(["z", "a"]);
  expect(policy.doors[0]?.protects.map(printService)).toEqual(["tcp/9", "tcp/1"]);
});

test("what an alias repeats is there twice", () => {
  const policy = read(
    "doors:\n  a: { protects: tcp/1, sequence: &s { steps: [5, 6] } }\n  b: { protects: tcp/2, sequence: *s }",
  );
  expect(policy.doors[1]?.sequence).toEqual(policy.doors[0]?.sequence);
});

test("a thousand doors are read", { timeout: 60_000 }, () => {
  const doors = Array.from(
    { length: 1000 },
    (_, i) => `  d${i}: { protects: tcp/${i + 1}, sequence: { steps: [udp/9, 60000] } }`,
  );
  expect(read(`doors:\n${doors.join("\n")}`).doors).toHaveLength(1000);
});
