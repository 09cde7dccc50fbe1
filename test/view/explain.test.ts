/** An explanation as people read it. */
import { describe, expect, test } from "vitest";
import type { Attempt, DoorExplanation, Explanation } from "../../src/gate/index.ts";
import { renderExplanation } from "../../src/view/explain.ts";

const ATTEMPT: Attempt = {
  made: 0,
  secondsLeft: null,
  withinSeconds: 10,
  steps: ["51001", "udp/54040", "ping/63"],
  watch: "51001-54040",
  wouldEnd: "opens",
};
const REFUSED = {
  protocol: "tcp",
  services: ["tcp/22"],
  passes: false,
  why: "no-grant",
} as const;
const DOOR: DoorExplanation = {
  name: "ssh",
  bypasses: [],
  visits: [REFUSED],
  grant: null,
  session: null,
  openForSeconds: 10,
  singleUse: false,
  attempt: ATTEMPT,
  carriers: [],
  signed: null,
};
const STRANGER: Explanation = {
  address: "192.0.2.7",
  source: "192.0.2.7",
  bannedAs: "192.0.2.7",
  isOfThisHost: false,
  interfaces: [],
  comesBy: null,
  isCovered: true,
  beforeGate: [],
  trustedBy: null,
  bans: [],
  wrongSteps: null,
  doors: [DOOR],
};

const plain = (explanation: Explanation) => renderExplanation(explanation, { colour: false });
/** The lines of the one door, without its name. */
const door = (over: Partial<DoorExplanation>) =>
  plain({ ...STRANGER, doors: [{ ...DOOR, ...over }] })
    .split("\n")
    .slice(3, -1)
    .map((line) => line.trim());

test("a stranger is told the knock", () => {
  expect(plain(STRANGER)).toBe(`192.0.2.7

ssh
  tcp/22  refused: no grant
  no step made; the knock is 51001 udp/54040 ping/63
  each within 10s of the one before
`);
});

test("what holds at every door comes first", () => {
  const text = plain({
    ...STRANGER,
    address: "2001:db8::7",
    source: "2001:db8::/64",
    bannedAs: "2001:db8::/56",
    isOfThisHost: true,
    interfaces: ["eth0", "wg0"],
    trustedBy: { prefix: "2001:db8::/32", file: "/etc/postern/policy.yaml", line: 3 },
    bans: [
      { automatic: false, secondsLeft: null },
      { automatic: true, secondsLeft: 3599 },
    ],
    wrongSteps: { secondsLeft: 42, after: 5 },
    doors: [],
  });
  expect(text).toBe(`2001:db8::7
  all of 2001:db8::/64 count as one source
  bans and wrong steps are those of all of 2001:db8::/56
  an address of this host: it comes by loopback, which has no doors
  the gate covers eth0, wg0
  trusted by line 3 of /etc/postern/policy.yaml: 2001:db8::/32
  banned by hand, until lifted; \`postern unban 2001:db8::7\` lifts it
  banned for wrong steps, 59 min left; \`postern unban 2001:db8::7\` lifts it
  has made a wrong step; 5 ban; they are forgotten in 42 s
`);
});

test("the name of a policy file cannot move the cursor", () => {
  const trustedBy = { prefix: "192.0.2.0/24", file: "\u001b[2J.yaml", line: 3 };
  expect(plain({ ...STRANGER, trustedBy })).toContain("of \\x1b[2J.yaml: 192.0.2.0/24");
});

describe("at a door", () => {
  test("the next step is told to who is part way", () => {
    expect(door({ attempt: { ...ATTEMPT, made: 2, secondsLeft: 7 } })).toEqual([
      "tcp/22  refused: no grant",
      "2 of 3 steps made: 51001 udp/54040",
      "step 3 of 3 is next: ping/63, within 7 s",
      "any other packet to 51001-54040 starts over",
    ]);
  });

  test("a sequence of one ping has no pauses and watches no ports", () => {
    const attempt = { ...ATTEMPT, steps: ["ping/63"], watch: null };
    expect(door({ attempt })).toEqual([
      "tcp/22  refused: no grant",
      "no step made; the knock is ping/63",
    ]);
  });

  test("who may pass is told why and how long, and no knock", () => {
    const grant = { secondsLeft: 8 };
    const visits = [{ ...REFUSED, passes: true, why: "grant" } as const];
    expect(door({ visits, grant })).toEqual(["tcp/22  passes: open, 8 s left"]);
    expect(door({ visits, grant, singleUse: true })).toEqual([
      "tcp/22  passes: one connection, 8 s left",
    ]);
  });

  test("services are told apart, in columns", () => {
    const session = { secondsLeft: 119 };
    const visits = [
      { ...REFUSED, services: ["tcp/22", "tcp/2200-2210"] },
      { protocol: "udp", services: ["udp/22"], passes: true, why: "session" } as const,
    ];
    expect(door({ visits, session }).slice(0, 2)).toEqual([
      "tcp/22 tcp/2200-2210  refused: no grant",
      "udp/22                passes: in a session, 119 s left if silent",
    ]);
  });

  test.each([
    ["trusted", "passes: trusted"],
    ["not-gated", "passes: not judged"],
    ["other-address", "passes: the door has no IPv4 address"],
  ] as const)("%s", (why, text) => {
    expect(door({ visits: [{ ...REFUSED, passes: true, why }] })).toEqual([`tcp/22  ${text}`]);
  });

  test.each([
    ["full", "no knock opens it now: a set is full, `postern status` shows which"],
    ["banned", "no knock opens it while the ban lasts"],
    ["not-gated", "packets from here do not knock at ssh"],
  ] as const)("a knock that would end %s is not recommended", (wouldEnd, text) => {
    expect(door({ attempt: { ...ATTEMPT, wouldEnd } }).at(-1)).toBe(text);
  });

  test("that a signed knock opens it, and what it has to be", () => {
    const signed = { carriers: ["ping", "udp/62201"], opensFromHere: true, bound: false };
    expect(door({ attempt: null, signed })).toEqual([
      "tcp/22  refused: no grant",
      "a signed knock opens it, by ping or udp/62201",
    ]);
    expect(door({ signed: { ...signed, bound: true } }).at(-1)).toBe(
      "a signed knock that names this address opens it, by ping or udp/62201",
    );
    expect(door({ carriers: ["ping"], signed }).slice(-2)).toEqual([
      "a token opens it, by ping",
      "a signed knock opens it, by ping or udp/62201",
    ]);
    expect(door({ attempt: null, signed: { ...signed, opensFromHere: false } }).at(-1)).toBe(
      "no signed knock opens it: its `from` does not name this address",
    );
  });

  test("that a token opens it, and what it comes by", () => {
    const carriers = ["ping", "udp/62201", "http/80"];
    expect(door({ attempt: null, carriers })).toEqual([
      "tcp/22  refused: no grant",
      "a token opens it, by ping, udp/62201 or http/80",
    ]);
    expect(door({ carriers: ["ping"] }).at(-1)).toBe("a token opens it, by ping");
  });

  test("that it also ends a ban for wrong steps", () => {
    const visits = [{ ...REFUSED, why: "banned" } as const];
    const bans = [{ automatic: true, secondsLeft: 9 }];
    const doors = [{ ...DOOR, visits, attempt: null, carriers: ["ping"] }];
    expect(plain({ ...STRANGER, bans, doors })).toContain(
      "  a token opens it, by ping, and ends a ban for wrong steps\n",
    );
  });

  test("that no knock opens, the command that does is told", () => {
    expect(door({ attempt: null })).toEqual([
      "tcp/22  refused: no grant",
      "nothing opens it but `postern open ssh 192.0.2.7`",
    ]);
  });
});

test("in colour the words are the same", () => {
  const text = renderExplanation(STRANGER, { colour: true });
  expect(text).toContain("\u001b[31mrefused: no grant\u001b[0m");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what colours are made of
  expect(text.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain(STRANGER));
});

test("packets that do not come to the gate are not said to be refused", () => {
  const text = plain({
    ...STRANGER,
    interfaces: ["eth*", "!eth1", "!lan0"],
    comesBy: "lan0\u001b[2J",
    isCovered: false,
    beforeGate: ["XDP program (id 7) on eth0 sees packets before the gate does"],
    doors: [
      {
        ...DOOR,
        visits: [{ ...REFUSED, passes: true, why: "past-gate" }],
        bypasses: [
          { destination: "192.0.2.5", isCertain: true, why: "bridge vmbr0 hands them on" },
          { destination: "192.0.2.6", isCertain: false, why: "it is on the network of eth0" },
        ],
      },
      { ...DOOR, name: "web", visits: [{ ...REFUSED, passes: true, why: "other-interface" }] },
    ],
  });
  expect(text).toBe(`192.0.2.7
  the gate covers eth* but eth1, lan0
  answers to it leave by lan0\\x1b[2J, which the gate does not cover: if it comes in there, it passes
  XDP program (id 7) on eth0 sees packets before the gate does

ssh
  tcp/22  not refused: packets to this guest do not pass the gate
  packets to 192.0.2.5 do not pass the gate: bridge vmbr0 hands them on
  packets to 192.0.2.6 may not pass the gate: it is on the network of eth0

web
  tcp/22  passes, if it comes in where the gate does not look
`);
});

test("interfaces that are left out of all are named", () => {
  expect(plain({ ...STRANGER, interfaces: ["!lan0", "!veth*"] })).toContain(
    "  the gate covers every interface but lan0, veth* and loopback\n",
  );
});
