/**
 * What iptables-save and the files of xt_recent say, in our own words. The listings in saved/ are
 * of real ones, of both variants and both families: the gate of the policy beside them, after a
 * few packets, among rules of others that nearly look like ours.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type Clock,
  listingOf,
  listsOf,
  membersOf,
  parseSaved,
  parseSeen,
  printTransaction,
  savedRules,
} from "../../../src/backend/iptables/index.ts";
import { chainNames } from "../../../src/backend/iptables/names.ts";
import { labelOf } from "../../../src/backend/labels.ts";
import { address } from "../../scenarios/arbitrary.ts";
import { programOf } from "../../setup/policy.ts";

const read = (name: string) => readFileSync(new URL(`./saved/${name}`, import.meta.url), "utf8");

const PROGRAM = programOf(read("policy.yaml"), "sources");
const SAVED = {
  ipv4: parseSaved(read("iptables-nft-1.8.9.txt")),
  ipv6: parseSaved(read("ip6tables-legacy-1.8.9.txt")),
};

describe.each(["ipv4", "ipv6"] as const)("a saved gate of %s", (family) => {
  const saved = SAVED[family];

  test("has the chains of its program and no others", () => {
    const own = [...chainNames(PROGRAM.chains.map(({ name }) => name)).values(), "POSTERN-made_of"];
    expect(new Set(saved.chains)).toEqual(new Set(own));
    expect(saved.rules.length).toBeGreaterThan(50);
    for (const rule of saved.rules) expect(rule).toMatch(/^\[\d+:\d+\] -A POSTERN[- ]/);
  });

  test("tells which policy it was made of", () => {
    expect(saved.fingerprint).toBe(PROGRAM.fingerprint);
  });

  test("tells of each list of the family what it is", () => {
    const lists = listsOf(PROGRAM).filter(({ set }) => set.family === family);
    expect(saved.lists).toEqual(
      lists.map(({ name, seconds, isWindow, set }) => ({
        ...{ name, isWindow, seconds: isWindow ? undefined : seconds },
        ...{ set: set.name, label: labelOf(set) },
      })),
    );
  });

  test("is entered by rules that jump there, and by none that only say so", () => {
    expect(saved.jumps).toEqual([
      "PREROUTING -j POSTERN",
      'OTHER -p udp -m comment --comment "by hand" -g POSTERN',
      "OTHER -p udp -j POSTERN-pass_ssh",
    ]);
  });

  test("counts its own packets, and not those of a rule of others with the same comment", () => {
    expect(Object.fromEntries(saved.counted)).toEqual({
      ...{ ssh_refused: 2, ssh_open: 0, ssh_wrong: 0, ssh_banned: 0 },
    });
  });

  test("is taken away without a trace, and touches nothing of others", () => {
    const lines = printTransaction([], saved).split("\n");
    expect(lines[0]).toBe("*raw");
    expect(lines.filter((line) => line.startsWith("-D"))).toEqual(
      saved.jumps.map((jump) => `-D ${jump}`),
    );
    expect(lines.filter((line) => line.startsWith("-X"))).toEqual(
      saved.chains.map((chain) => `-X ${chain}`),
    );
    expect(lines.filter((line) => line.startsWith("-I"))).toEqual([]);
    expect(lines.slice(-2)).toEqual(["COMMIT", ""]);
  });

  test("comes back as it was, and is entered by one jump", () => {
    const text = printTransaction(savedRules(saved), SAVED[family]);
    const again = parseSaved(text);
    expect(again.chains).toEqual(saved.chains);
    expect(again.rules).toEqual(saved.rules);
    expect(again.counted).toEqual(saved.counted);
    expect(text.split("\n").filter((line) => line.startsWith("-I"))).toEqual([
      "-I PREROUTING -j POSTERN",
    ]);
    expect(text).not.toContain("-X");
  });
});

test("chains that a new gate has not are emptied and deleted, after the last rule to them", () => {
  const text = printTransaction(["*raw", ":POSTERN - [0:0]", "-A POSTERN -j DROP"], SAVED.ipv4);
  const lines = text.split("\n");
  const gone = SAVED.ipv4.chains.filter((chain) => chain !== "POSTERN");
  for (const chain of gone) {
    expect(lines.indexOf(`:${chain} - [0:0]`)).toBeGreaterThan(0);
    expect(lines.indexOf(`-X ${chain}`)).toBeGreaterThan(
      lines.indexOf("-D OTHER -p udp -j POSTERN-pass_ssh"),
    );
  }
  expect(lines).not.toContain("-X POSTERN");
});

describe("where there is no gate", () => {
  test.each([
    "",
    "# Warning: iptables-legacy tables present, use iptables-legacy to see them\n",
    "*raw\n:PREROUTING ACCEPT [1:2]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n",
    "*raw\n:POSTERNS - [0:0]\n:xPOSTERN - [0:0]\n-A PREROUTING -j POSTERNS\nCOMMIT\n",
  ])("nothing is found in %j", (text) => {
    const saved = parseSaved(text);
    expect(saved).toMatchObject({ chains: [], rules: [], jumps: [], lists: [] });
    expect([saved.fingerprint, saved.counted.size, savedRules(saved)]).toEqual([undefined, 0, []]);
  });
});

test.each([
  "list=postern-x4-10s-0123abcd",
  "list=postern-x4-10s-0123abcd for=10s role=grants",
  "list=../../etc/passwd for=10s role=wrong family=ipv4 prefix=32 meaning=0123456789abcdef",
  "list=postern-x4-10s-0123abcd for=soon role=wrong family=ipv4 prefix=32 meaning=0123456789abcdef",
  "list=postern-x4-10s-0123abcd for=10s role=king family=ipv4 prefix=32 meaning=0123456789abcdef",
])("a list that no gate of ours has is none: %s", (comment) => {
  const line = `-A POSTERN-made_of -m comment --comment "${comment}"`;
  expect(parseSaved(`*raw\n:POSTERN-made_of - [0:0]\n${line}\nCOMMIT\n`).lists).toEqual([]);
});

describe("a file of /proc/net/xt_recent", () => {
  test("tells who is in the list, and since when", () => {
    const file = [
      "src=192.0.2.9 ttl: 64 last_seen: 4301453148 oldest_pkt: 3 4301453000, 4301453140, 4301453148",
      "src=2001:0db8:0000:0000:0000:0000:0000:0009 ttl: 0 last_seen: 18446744073709551615 oldest_pkt: 1 18446744073709551615",
      "",
    ];
    expect(parseSeen(file.join("\n"))).toEqual([
      { source: "192.0.2.9", at: 4301453148n },
      { source: "2001:0db8:0000:0000:0000:0000:0000:0009", at: 2n ** 64n - 1n },
    ]);
  });

  test.each([
    "",
    "\n",
    "src=192.0.2.9",
    "src= last_seen: 1 ",
    "last_seen: 5 x",
    "src=a last_seen: -1 b",
  ])("%j tells of nobody", (file) => {
    expect(parseSeen(file)).toEqual([]);
  });
});

const CLOCK: Clock = { ticks: 100_000n, perSecond: 250 };
const ago = (seconds: number) => CLOCK.ticks - BigInt(seconds * CLOCK.perSecond);
const seenIn = (name: string, source: string, at: bigint) => ({
  ...{ capacity: 100, clock: CLOCK },
  seen: new Map([[name, [{ source, at }]]]),
});

describe("a member", () => {
  const [list] = SAVED.ipv4.lists;
  if (list === undefined) throw new Error("the saved gate has no lists");

  test("has the rest of its time", () => {
    const recent = seenIn(list.name, "192.0.2.9", ago(3));
    expect(membersOf(list, recent)).toEqual([{ source: address("192.0.2.9"), secondsLeft: 7 }]);
  });

  test.each([10, 11, 399])("is none any more after %d of 10 seconds", (seconds) => {
    expect(membersOf(list, seenIn(list.name, "192.0.2.9", ago(seconds)))).toEqual([]);
  });

  test("of a list without an end has no time that could run out", () => {
    const always = { ...list, seconds: undefined };
    const recent = seenIn(list.name, "192.0.2.9", 1n);
    expect(membersOf(always, recent)).toEqual([
      { source: address("192.0.2.9"), secondsLeft: undefined },
    ]);
  });

  test("of a window is no member of the set", () => {
    const windows = SAVED.ipv4.lists.filter(({ isWindow }) => isWindow);
    expect(windows).toHaveLength(1);
    const recent = seenIn(windows[0]?.name ?? "", "192.0.2.9", ago(1));
    const { sets } = listingOf([SAVED.ipv4], recent);
    expect(sets.flatMap(({ members }) => members)).toEqual([]);
  });
});

describe("the listing of a gate", () => {
  const grants = SAVED.ipv4.lists.filter(({ label }) => label.role.kind === "grants");
  const recent = {
    ...{ capacity: 100, clock: CLOCK },
    seen: new Map([
      [grants[0]?.name ?? "", [{ source: "192.0.2.9", at: ago(3) }]],
      [grants[1]?.name ?? "", [{ source: "192.0.2.10", at: ago(600) }]],
    ]),
  };
  const listing = listingOf([SAVED.ipv4, SAVED.ipv6], recent);

  test("has every set of the program, once for each family", () => {
    expect(listing.sets.map(({ name, family, label }) => ({ name, family, label }))).toEqual(
      [...PROGRAM.sets]
        .sort((a, b) => `${a.family}`.localeCompare(`${b.family}`))
        .map((set) => ({ name: set.name, family: set.family, label: labelOf(set) })),
    );
    for (const { capacity } of listing.sets) expect(capacity).toBe(100);
  });

  test("puts the members of all lists of a set together, each with its own time", () => {
    const [set] = listing.sets.filter(({ label }) => label.role.kind === "grants");
    expect(set?.members).toEqual([
      { source: address("192.0.2.9"), secondsLeft: 7 },
      { source: address("192.0.2.10"), secondsLeft: 3000 },
    ]);
  });

  test("counts what both families have counted", () => {
    expect(listing.counters.find(({ name }) => name === "ssh_refused")?.packets).toBe(4);
  });

  test("is of a policy only when both families are of that one", () => {
    expect(listing.fingerprint).toBe(PROGRAM.fingerprint);
    const other = { ...SAVED.ipv6, fingerprint: "0123456789abcdef" };
    expect(listingOf([SAVED.ipv4, other], recent).fingerprint).toBeUndefined();
  });
});
