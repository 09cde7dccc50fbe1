/** The state of a gate as people read it. */
import { describe, expect, test } from "vitest";
import type { DoorStatus, Status } from "../../src/gate/index.ts";
import { renderStatus } from "../../src/view/status.ts";

const QUIET: DoorStatus = {
  name: "ssh",
  open: [],
  sessions: [],
  partWay: [],
  counters: { refused: 0, open: 0, wrong: 0 },
  tokens: [],
  knocks: [],
};
const EMPTY: Status = {
  backend: "nftables",
  doors: [QUIET],
  banned: [],
  sets: [],
  toHoldMore: null,
  agent: null,
  unconfirmed: null,
  bypasses: null,
  atBoot: null,
};

const statusOf = (door: Partial<DoorStatus>, over: Partial<Status> = {}): Status => ({
  ...EMPTY,
  doors: [{ ...QUIET, ...door }],
  ...over,
});
const plain = (status: Status) => renderStatus(status, { colour: false });
const sources = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ source: `192.0.2.${n}`, secondsLeft: 9 }));

describe("for people", () => {
  test("packets that get past the gate come first, the certain ones before the others", () => {
    const one = { code: "x", fix: "" };
    const bypasses: Status["bypasses"] = [
      { ...one, severity: "warning", what: "a filter of tc" },
      { ...one, severity: "error", what: "eth0 is a port" },
    ];
    expect(plain(statusOf({}, { bypasses }))).toMatch(
      /^past the gate\n {2}eth0 is a port\n {2}a filter of tc\n\nssh {2}shut\n/,
    );
    expect(plain(statusOf({}, { bypasses: [] }))).toMatch(/^ssh {2}shut\n/);
  });

  test("of an agent it says what it has let in and refused, or that none is running", () => {
    const agent = {
      isRunning: true,
      candidates: 9,
      opened: 2,
      refused: { time: 1, seen: 4 },
      lost: 3,
      repeated: 4,
    };
    expect(plain(statusOf({}, { agent }))).toContain(
      [
        "agent",
        "  signed knocks since it began: 2 opened, 4 repeated, refused: 1 time, 4 seen",
        "  packets that might have been some: 9",
        "  3 came too fast to be read",
        "",
      ].join("\n"),
    );
    expect(plain(statusOf({}, { agent: { ...agent, isRunning: false } }))).toContain(
      "no agent is running, and signed knocks open nothing\n",
    );
  });

  test("of a door that opens with tokens it says how many there are, and who has knocked", () => {
    const tokens = { carrier: "ping", clients: 2, tokens: 1400, bytes: 420_000, secondsLeft: 7300 };
    const door: Partial<DoorStatus> = {
      tokens: [tokens, { ...tokens, carrier: "dns/53", clients: 0, tokens: 0, secondsLeft: null }],
      knocks: [
        { with: "token", client: "ana", carrier: "ping", source: "2001:db8::7", secondsAgo: 60 },
        { with: "token", client: null, carrier: "ping", source: "192.0.2.7", secondsAgo: 7201 },
      ],
    };
    expect(plain(statusOf(door))).toBe(
      [
        "ssh  shut",
        "  tokens by ping: 1400 for 2 clients, about 420 kB, 2 h left",
        "  tokens by dns/53: no client has any",
        "  ana by ping from 2001:db8::7, 60 s ago",
        "  somebody whose key is gone by ping from 192.0.2.7, 2 h ago",
        "  so far: 0 packets refused, 0 times opened, 0 wrong steps",
        "",
      ].join("\n"),
    );
  });

  test("a gate at rest is a door that is shut", () => {
    expect(plain(EMPTY)).toBe(
      ["ssh  shut", "  so far: 0 packets refused, 0 times opened, 0 wrong steps", ""].join("\n"),
    );
  });

  test("a gate at work shows who is open, talking, part way and banned, and what fills up", () => {
    const status: Status = {
      backend: "nftables",
      toHoldMore: null,
      agent: null,
      unconfirmed: null,
      bypasses: null,
      atBoot: null,
      doors: [
        {
          name: "ssh",
          open: [{ source: "192.0.2.7", secondsLeft: 9 }],
          sessions: [],
          partWay: [{ source: "2001:db8::8", secondsLeft: 4, stage: 1, of: 3 }],
          counters: { refused: 5, open: 1, wrong: 2, banned: 1 },
          tokens: [],
          knocks: [],
        },
        {
          ...QUIET,
          name: "vpn",
          sessions: [{ source: "192.0.2.9", secondsLeft: 119 }],
          counters: { refused: 0, open: 3 },
        },
      ],
      banned: [
        { source: "192.0.2.66", secondsLeft: null, automatic: false },
        { source: "2001:db8::66", secondsLeft: 3599, automatic: true },
      ],
      sets: [
        { name: "ssh_grants4", members: 1, capacity: 65_536 },
        { name: "ssh_grants6", members: 0, capacity: 65_536 },
        { name: "banned4", members: 65_536, capacity: 65_536 },
      ],
    };
    expect(plain(status)).toBe(
      `ssh  open
  open to 192.0.2.7, 9 s left
  2001:db8::8 has made 1 of 3 steps, 4 s left for the next
  so far: 5 packets refused, 1 time opened, 2 wrong steps, 1 automatic ban

vpn  shut
  session of 192.0.2.9, 119 s left if silent
  so far: 0 packets refused, 3 times opened

banned
  192.0.2.66  until lifted
  2001:db8::66  59 min left, for wrong steps

sets
  banned4  65536 of 65536 (100 %), full: newcomers are refused
  ssh_grants4  1 of 65536 (0 %)
`,
    );
  });

  test("20 sources are shown, and of more it is told how many", () => {
    const rows = (count: number) => plain(statusOf({ open: sources(count) })).split("\n");
    expect(rows(20).filter((row) => row.includes("open to"))).toHaveLength(20);
    expect(rows(20).some((row) => row.includes("more"))).toBe(false);
    expect(rows(65_536).filter((row) => row.includes("open to"))).toHaveLength(20);
    expect(rows(65_536)).toContain("  and 65516 more");
  });

  test("of a crowd in one state, those in another are still shown", () => {
    const crowd = sources(500).map((source) => ({ ...source, stage: 1, of: 3 }));
    const text = plain(statusOf({ partWay: crowd, open: sources(1), sessions: sources(30) }));
    expect(text).toContain("open to 192.0.2.0");
    expect(text).toContain("session of 192.0.2.0");
    expect(text).toContain("192.0.2.0 has made 1 of 3 steps");
  });

  test("a set is full only when not one more fits", () => {
    const fill = (members: number) =>
      plain(statusOf({}, { sets: [{ name: "x", members, capacity: 65_536 }] }));
    expect(fill(65_535)).toContain("x  65535 of 65536 (99 %)\n");
    expect(fill(65_536)).toContain("full");
  });

  test("a full list of iptables forgets the oldest, and what can be done stands before it", () => {
    const sets = [{ name: "ssh_stage1_4", members: 100, capacity: 100 }];
    const text = plain(statusOf({}, { backend: "iptables", sets, toHoldMore: "add \u001bthis" }));
    expect(text.split("\n").slice(-4)).toEqual([
      "sets",
      "  to hold more: add \\x1bthis",
      "  ssh_stage1_4  100 of 100 (100 %), full: the oldest is forgotten for each newcomer",
      "",
    ]);
  });

  test.each([
    [0, "0 s left"],
    [119, "119 s left"],
    [120, "2 min left"],
    [7199, "119 min left"],
    [7200, "2 h left"],
    [432_000, "120 h left"],
  ])("%d seconds are %s", (secondsLeft, words) => {
    expect(plain(statusOf({ open: [{ source: "192.0.2.7", secondsLeft }] }))).toContain(
      `open to 192.0.2.7, ${words}`,
    );
  });
});

describe("in colour", () => {
  const text = (status: Status) => renderStatus(status, { colour: true });

  test("a shut door is red and an open one green", () => {
    expect(text(EMPTY)).toContain("\u001b[31mshut\u001b[0m");
    expect(text(statusOf({ open: sources(1) }))).toContain("\u001b[32mopen\u001b[0m");
  });

  test("the words are the same", () => {
    const status = statusOf(
      { open: sources(25) },
      { sets: [{ name: "x", members: 1, capacity: 2 }] },
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what colours are made of
    expect(text(status).replaceAll(/\u001b\[\d+m/g, "")).toBe(plain(status));
  });
});

test.each([
  [{ isEnabled: true, kept: "this" }, "this gate (postern.service is enabled)"],
  [
    { isEnabled: true, kept: "another" },
    "another gate than this, the last that was applied for good",
  ],
  [{ isEnabled: true, kept: "none" }, "no gate is kept: apply the policy again"],
  [
    { isEnabled: false, kept: "this" },
    "postern.service loads no gate: `systemctl enable postern.service`",
  ],
] as const)("what the next boot brings is one line: %j", (atBoot, words) => {
  expect(plain({ ...EMPTY, atBoot }).split("\n")).toContain(`at boot: ${words}`);
});

test("a gate that is not confirmed says so first", () => {
  const by = "ada from 192.0.2.7 (postern apply, process 4242)";
  const text = (secondsLeft: number) =>
    renderStatus({ ...EMPTY, unconfirmed: { by, secondsLeft } }, { colour: false }).split("\n");
  expect(text(34).slice(0, 2)).toEqual([
    "not confirmed: in 34 s the gate of before comes back",
    `  put up by ${by}; \`postern confirm\` keeps it`,
  ]);
  expect(text(-1)[0]).toBe("not confirmed: now the gate of before comes back");
});
