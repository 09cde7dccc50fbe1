/** Design 5.4: a changed policy keeps who is in the sets that still mean the same, and no others. */
import { describe, expect, test } from "vitest";
import { labelOf, printLabel } from "../../src/backend/labels.ts";
import type { Memory } from "../../src/compile/index.ts";
import type { Program } from "../../src/program/index.ts";
import { MEMORIES, programOf } from "../setup/policy.ts";

const POLICY = `
interfaces: [eth0]
trusted: [192.0.2.0/24]
ipv6-prefix: 64
ban: { after: 5, within: 1m, for: 1h }
doors:
  ssh:
    protects: [tcp/22, udp/22]
    destinations: [203.0.113.7]
    open-for: 10s
    session-idle: 1m
    sequence:
      steps: [51001, udp/54040, ping/63, tcp/52777]
      within: 10s
      watch: 51000-55000
  web:
    protects: tcp/443
    sequence: { steps: [41001, 44040] }
`;

function labelsOf({ sets }: Program): Map<string, string> {
  return new Map(sets.map((set) => [set.name, printLabel(labelOf(set))]));
}

/** The sets that lose their members, without the digit of their family. */
function lostBy(from: string, to: string, memory: Memory): string[] {
  if (!POLICY.includes(from)) throw new Error(`lostBy: the policy has no ${from}`);
  const before = labelsOf(programOf(POLICY, memory));
  const after = labelsOf(programOf(POLICY.replace(from, to), memory));
  return [...before].filter(([name, label]) => after.get(name) !== label).map(([name]) => name);
}

const both = (...stems: readonly string[]) => stems.flatMap((stem) => [`${stem}4`, `${stem}6`]);
const stages = (...numbers: readonly number[]) => both(...numbers.map((n) => `ssh_stage${n}_`));

/** Of what a door has let through: those that know sources, and those that know connections. */
const begun = (door: string, memory: Memory) =>
  both(...(memory === "sources" ? ["begun", "let_through"] : ["begun"]).map((s) => `${door}_${s}`));
const ofFlows = (door: string, memory: Memory) =>
  memory === "sources" ? [] : both(...["opening", "flows", "closing"].map((s) => `${door}_${s}`));

const ofSsh = (memory: Memory) => [
  ...both("ssh_grants", "ssh_sessions"),
  ...begun("ssh", memory),
  ...stages(1, 2, 3),
];
const ofWeb = (memory: Memory) => [
  ...both("web_grants"),
  ...begun("web", memory),
  ...both("web_stage1_"),
];

describe.each(MEMORIES)("of %s nobody is forgotten by a change of", (memory) => {
  test.each([
    ["open-for", "open-for: 10s", "open-for: 1h"],
    ["session-idle", "session-idle: 1m", "session-idle: 2m"],
    ["within", "within: 10s", "within: 9s"],
    ["watch", "watch: 51000-55000", "watch: 50000-56000"],
    ["refuse", "open-for: 10s", "open-for: 10s\n    refuse: reset"],
    ["interfaces", "interfaces: [eth0]", ""],
    ["trusted", "trusted: [192.0.2.0/24]", ""],
    ["log", "ipv6-prefix: 64", "ipv6-prefix: 64\nlog: true"],
    ["how long a ban is for", "for: 1h", "for: 2h"],
    ["the last step, behind which no set stands", "tcp/52777", "tcp/52778"],
    ["a step more at the end", "tcp/52777]", "tcp/52777, 53000]"],
    ["the order of doors", POLICY.slice(POLICY.indexOf("  ssh:")), reordered()],
    ["doors that are there besides", "doors:", "doors:\n  new: { protects: tcp/25 }"],
    [
      "the order of keys",
      "open-for: 10s\n    session-idle: 1m",
      "session-idle: 1m\n    open-for: 10s",
    ],
    ["a note", "doors:", "# three of them\ndoors:"],
  ])("%s", (_, from, to) => {
    expect(lostBy(from, to, memory)).toEqual([]);
  });
});

function reordered(): string {
  const [ssh = "", web = ""] = POLICY.slice(POLICY.indexOf("  ssh:")).split(/(?= {2}web:)/);
  return web + ssh;
}

describe.each(MEMORIES)(
  "of %s those are forgotten whose set means something else after a change of",
  (memory) => {
    test.each([
      ["the first step", "51001,", "51002,", stages(1, 2, 3)],
      ["how the first step is made", "51001,", "tcp/51001,", stages(1, 2, 3)],
      ["the second step", "udp/54040", "udp/54041", stages(2, 3)],
      ["the third step", "ping/63", "ping/64", stages(3)],
      ["a step less at the end", ", tcp/52777]", "]", stages(3)],
      [
        "what a door protects",
        "[tcp/22, udp/22]",
        "[tcp/22, udp/23]",
        both("ssh_grants", "ssh_sessions"),
      ],
      ["where a door is", "203.0.113.7", "203.0.113.8", ofSsh(memory)],
      [
        "how often a grant may be used",
        "open-for: 10s",
        "open-for: 10s\n    single-use: true",
        both("ssh_grants"),
      ],
      [
        "the name of a door",
        "  web:",
        "  www:",
        [
          ...both("web_grants"),
          ...begun("web", memory),
          ...ofFlows("web", memory),
          ...both("web_stage1_"),
        ],
      ],
      ["how many wrong steps ban", "after: 5", "after: 6", both("wrong")],
      ["how long they are counted", "within: 1m", "within: 2m", both("wrong")],
      [
        "automatic bans to none",
        "ban: { after: 5, within: 1m, for: 1h }",
        "",
        both("auto_banned", "wrong"),
      ],
    ])("%s", (_, from, to, lost) => {
      expect(lostBy(from, to, memory)).toEqual(lost);
    });

    test("how many bits of an IPv6 address tell knockers apart: those of IPv6 alone", () => {
      const ofGate = [...both("banned", "auto_banned", "wrong")];
      const ofIpv6 = [...ofSsh(memory), ...ofWeb(memory), ...ofGate].filter((name) =>
        name.endsWith("6"),
      );
      expect(lostBy("ipv6-prefix: 64", "ipv6-prefix: 63", memory)).toEqual(ofIpv6);
    });

    test("how many bits of an IPv6 address are banned together: bans and wrong steps alone", () => {
      const lost = lostBy("for: 1h }", "for: 1h, ipv6-prefix: 56 }", memory);
      expect(lost).toEqual(["banned6", "auto_banned6", "wrong6"]);
    });
  },
);

test.each(MEMORIES)("two sets of a gate never stand for the same (%s)", (memory) => {
  const program = programOf(POLICY, memory);
  const labels = [...labelsOf(program).values()];
  expect(new Set(labels).size).toBe(labels.length);
});
