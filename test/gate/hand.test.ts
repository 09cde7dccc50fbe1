/** What is asked of the host when an administrator opens, closes, bans and lifts bans. */
import { describe, expect, test } from "vitest";
import { banSource, closeDoor, openDoor, unbanSource } from "../../src/gate/index.ts";
import { type Prefix, parsePrefix } from "../../src/policy/address.ts";
import { address } from "../scenarios/arbitrary.ts";
import { fails, fakeHost, LIST, LIST_FRAGMENTS, LIST_TERSE, LOAD } from "../setup/fake-host.ts";
import { programOf } from "../setup/policy.ts";
import { type Element, element, listingOf } from "./listings.ts";

const PROGRAM = programOf(`
ipv6-prefix: 64
ban: { after: 5, within: 1m, for: 1h }
doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } }
  once: { protects: tcp/23, single-use: true, sequence: { steps: [41001] } }
`);
const IPV4 = address("192.0.2.7");
const IPV6 = address("2001:db8::1:2:3:4");

const gateWith = (members: Readonly<Record<string, readonly Element[]>> = {}) =>
  fakeHost({ tables: [listingOf(PROGRAM, members)] });

function network(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`network: ${text} is none`);
  return prefix;
}

/** One member anew, as lines for nft. */
function anew(set: string, member: string, with_ = ""): string {
  const change = (verb: string, what: string) =>
    `${verb} element inet postern ${set} { ${what} }\n`;
  return `${change("add", member)}${change("delete", member)}${change("add", `${member}${with_}`)}`;
}
function gone(set: string, member: string): string {
  return ["add", "delete"]
    .map((verb) => `${verb} element inet postern ${set} { ${member} }\n`)
    .join("");
}

describe("open", () => {
  test("looks at the gate, and makes a grant in one transaction", async () => {
    const host = gateWith();
    expect(await openDoor(host, "ssh", IPV4, 3600)).toEqual({ ok: true, value: "open" });
    expect(host.ran).toEqual([
      { argv: LIST_TERSE, stdin: "" },
      { argv: LIST_FRAGMENTS, stdin: "" },
      { argv: LIST, stdin: "" },
      { argv: LOAD, stdin: anew("ssh_grants4", "192.0.2.7", " timeout 3600s") },
    ]);
  });

  test("takes an IPv6 address for all that count as one knocker", async () => {
    const host = gateWith();
    await openDoor(host, "ssh", IPV6, 60);
    expect(host.loaded()).toEqual([anew("ssh_grants6", "2001:db8::", " timeout 60s")]);
  });

  test("gives one use at a door for single use", async () => {
    const host = gateWith();
    await openDoor(host, "once", IPV4, 60);
    const use = " limit rate 1/week burst 1 packets timeout 60s";
    expect(host.loaded()).toEqual([anew("once_single_grants4", "192.0.2.7", use)]);
  });

  test.each([
    ["by hand", "banned6"],
    ["for wrong steps", "auto_banned6"],
  ])("says when the source is banned %s, which outranks it", async (_, set) => {
    const host = gateWith({ [set]: ["2001:db8::"] });
    expect(await openDoor(host, "ssh", IPV6, 60)).toEqual({ ok: true, value: "banned" });
    expect(host.loaded()).toHaveLength(1);
  });

  test("says nothing of somebody else's ban", async () => {
    const host = gateWith({ banned6: ["2001:db8:0:1::"], banned4: ["32.1.13.184"] });
    expect(await openDoor(host, "ssh", IPV6, 60)).toEqual({ ok: true, value: "open" });
  });

  test("a door that there is not is a problem that names those that there are", async () => {
    const host = gateWith();
    expect(await openDoor(host, "\u001b[31mshh", IPV4, 60)).toEqual({
      ok: false,
      problems: [
        {
          code: "no-such-door",
          severity: "error",
          what: 'the gate has no door called "\\u001b[31mshh"',
          fix: "name one of its doors: ssh, once",
        },
      ],
    });
    expect(host.loaded()).toEqual([]);
  });

  test("what nft refuses is told", async () => {
    const host = fakeHost({
      tables: [listingOf(PROGRAM)],
      loads: [fails("Error: Could not process rule: Operation not permitted")],
    });
    expect(await openDoor(host, "ssh", IPV4, 60)).toMatchObject({
      problems: [{ code: "host-nft-refused" }],
    });
  });
});

describe("close", () => {
  test("ends the grant of one source", async () => {
    const host = gateWith({ ssh_grants4: [element("192.0.2.7", 9), element("192.0.2.8", 9)] });
    expect((await closeDoor(host, "ssh", IPV4)).ok).toBe(true);
    expect(host.loaded()).toEqual([gone("ssh_grants4", "192.0.2.7")]);
  });

  test("of an IPv4 source is not that of an IPv6 source with the same bits", async () => {
    const program = programOf("doors: { ssh: { protects: tcp/22 } }");
    const tables = [listingOf(program, { ssh_grants6: ["::c000:207"] })];
    const host = fakeHost({ tables });
    expect((await closeDoor(host, "ssh", IPV4)).ok).toBe(true);
    expect(host.loaded()).toEqual([]);
  });

  test("has nothing to do for a source without a grant", async () => {
    const host = gateWith({ ssh_grants4: [element("192.0.2.8", 9)] });
    expect((await closeDoor(host, "ssh", IPV4)).ok).toBe(true);
    expect(host.loaded()).toEqual([]);
  });

  test("without a source ends all grants of the door, and of no other", async () => {
    const host = gateWith();
    await closeDoor(host, "ssh", undefined);
    expect(host.loaded()).toEqual([
      ["ssh_grants4", "ssh_grants6", "ssh_begun4", "ssh_begun6"]
        .map((set) => `flush set inet postern ${set}\n`)
        .join(""),
    ]);
  });

  test("knows the doors", async () => {
    expect(await closeDoor(gateWith(), "shh", undefined)).toMatchObject({
      problems: [{ code: "no-such-door" }],
    });
  });
});

describe("ban", () => {
  test("has no end where none is given", async () => {
    const host = gateWith();
    await banSource(host, IPV4, undefined);
    expect(host.loaded()).toEqual([anew("banned4", "192.0.2.7")]);
  });

  test("ends when it is told to, also if it had no end before", async () => {
    const host = gateWith({ banned6: ["2001:db8::"] });
    await banSource(host, IPV6, 60);
    expect(host.loaded()).toEqual([anew("banned6", "2001:db8::", " timeout 60s")]);
  });

  test("takes the grants of its source away, in the same transaction, and nobody else's", async () => {
    const host = gateWith({ ssh_grants4: ["192.0.2.7", "192.0.2.8"], web_grants4: ["192.0.2.8"] });
    await banSource(host, IPV4, undefined);
    expect(host.loaded()).toEqual([
      `${anew("banned4", "192.0.2.7")}${gone("ssh_grants4", "192.0.2.7")}`,
    ]);
  });
});

describe("ban of one's own SSH session", () => {
  const SSH_CONNECTION = "192.0.2.7 51234 198.51.100.1 22";
  const there = () => fakeHost({ tables: [listingOf(PROGRAM)], environment: { SSH_CONNECTION } });

  test("is refused, and how to do so all the same is told", async () => {
    const host = there();
    expect(await banSource(host, IPV4, undefined)).toMatchObject({
      problems: [
        { code: "own-session", fix: expect.stringContaining("`postern ban --anyway`") as unknown },
      ],
    });
    expect(host.loaded()).toEqual([]);
  });

  test("is done when that is said", async () => {
    const host = there();
    expect((await banSource(host, IPV4, undefined, { anyway: true })).ok).toBe(true);
    expect(host.loaded()).toEqual([anew("banned4", "192.0.2.7")]);
  });

  test("is refused of a neighbour that the same ban would cover", async () => {
    const environment = { SSH_CONNECTION: "2001:db8::9 51234 2001:db8:1::1 22" };
    const host = fakeHost({ tables: [listingOf(PROGRAM)], environment });
    expect(await banSource(host, IPV6, undefined)).toMatchObject({
      problems: [
        { code: "own-session", what: expect.stringContaining("covers 2001:db8::/64") as unknown },
      ],
    });
  });

  test("is no matter to the ban of somebody else", async () => {
    expect((await banSource(there(), address("192.0.2.8"), undefined)).ok).toBe(true);
  });
});

describe("of a network", () => {
  test("a ban is refused, with a rule of another table that does it", async () => {
    const host = gateWith();
    expect(await banSource(host, network("203.0.113.0/24"), undefined)).toMatchObject({
      problems: [
        {
          what: "203.0.113.0/24 is a network, and a ban is of one address",
          fix: expect.stringContaining(
            "rule inet blocked in ip saddr 203.0.113.0/24 drop'",
          ) as unknown,
        },
      ],
    });
    expect(host.loaded()).toEqual([]);
  });

  test("that the gate takes for one source, a ban is that of the source", async () => {
    const host = gateWith();
    expect(await banSource(host, network("2001:db8::/64"), undefined)).toEqual({
      ok: true,
      value: network("2001:db8::/64"),
    });
    expect(host.loaded()).toEqual([anew("banned6", "2001:db8::")]);
  });

  test("every ban is lifted at once", async () => {
    const host = gateWith({ banned4: ["192.0.2.7", "192.0.3.7"], auto_banned4: ["192.0.2.9"] });
    expect(await unbanSource(host, network("192.0.2.0/24"))).toEqual({ ok: true, value: "lifted" });
    expect(host.loaded()).toEqual([
      `${gone("banned4", "192.0.2.7")}${gone("auto_banned4", "192.0.2.9")}`,
    ]);
  });
});

describe("a ban of an IPv6 address where each address is a source of its own", () => {
  const PLAIN = programOf("doors: { ssh: { protects: tcp/22, sequence: { steps: [51001] } } }");
  const plain = (members: Readonly<Record<string, readonly Element[]>> = {}) =>
    fakeHost({ tables: [listingOf(PLAIN, members)] });

  test("covers its /64, and ends every grant in it", async () => {
    const granted = [element("2001:db8::8", 60), element("2001:db8:0:1::8", 60)];
    const host = plain({ ssh_grants6: granted });
    const covered = { ok: true, value: network("2001:db8::/64") };
    expect(await banSource(host, IPV6, undefined)).toEqual(covered);
    expect(host.loaded()).toEqual([
      `${anew("banned6", "2001:db8::")}${gone("ssh_grants6", "2001:db8::8")}`,
    ]);
  });

  test("is said to outrank the grant of a neighbour", async () => {
    const host = plain({ banned6: ["2001:db8::"] });
    expect(await openDoor(host, "ssh", address("2001:db8::9"), 60)).toMatchObject({
      value: "banned",
    });
    expect(await openDoor(host, "ssh", address("2001:db8:0:1::9"), 60)).toMatchObject({
      value: "open",
    });
  });

  test("is lifted with any address of it, and is the same ban for a neighbour", async () => {
    const host = plain({ banned6: ["2001:db8::", "2001:db8:0:1::"] });
    expect(await unbanSource(host, address("2001:db8::9"))).toEqual({ ok: true, value: "lifted" });
    expect(host.loaded()).toEqual([gone("banned6", "2001:db8::")]);
  });
});

describe("unban", () => {
  test("lifts every kind of ban, and forgets wrong steps", async () => {
    const host = gateWith({
      banned4: ["192.0.2.7"],
      auto_banned4: [element("192.0.2.7", 99)],
      wrong4: [element("192.0.2.7", 9)],
    });
    expect(await unbanSource(host, IPV4)).toEqual({ ok: true, value: "lifted" });
    expect(host.loaded()).toEqual([
      ["banned4", "auto_banned4", "wrong4"].map((set) => gone(set, "192.0.2.7")).join(""),
    ]);
  });

  test("of who was not banned says so, and forgets wrong steps all the same", async () => {
    const host = gateWith({ wrong4: [element("192.0.2.7", 9)] });
    expect(await unbanSource(host, IPV4)).toEqual({ ok: true, value: "was not banned" });
    expect(host.loaded()).toEqual([gone("wrong4", "192.0.2.7")]);
  });

  test("that nft refuses is told", async () => {
    const host = fakeHost({
      tables: [listingOf(PROGRAM, { banned4: ["192.0.2.7"] })],
      loads: [fails("Error: Out of memory")],
    });
    expect(await unbanSource(host, IPV4)).toMatchObject({
      problems: [{ code: "host-nft-refused" }],
    });
  });

  test("of who is not known at all asks nothing of nft", async () => {
    const host = gateWith({ banned4: ["192.0.2.8"] });
    expect(await unbanSource(host, IPV4)).toEqual({ ok: true, value: "was not banned" });
    expect(host.loaded()).toEqual([]);
  });
});

describe("a set that is full", () => {
  const full = { ...PROGRAM, sets: PROGRAM.sets.map((set) => ({ ...set, capacity: 2 })) };
  const host = () =>
    fakeHost({
      tables: [
        listingOf(full, {
          banned4: ["192.0.2.1", "192.0.2.2"],
          wrong4: ["192.0.2.1", "192.0.2.2"],
          ssh_grants4: [element("192.0.2.1", 9), element("192.0.2.7", 9)],
        }),
      ],
    });

  test("takes nobody more, and says so", async () => {
    const asked = host();
    expect(await banSource(asked, IPV4, undefined)).toEqual({
      ok: false,
      problems: [
        {
          code: "set-full",
          severity: "error",
          what: "the set banned4 is full: it holds 2 sources",
          fix: "make room first; `postern status` shows who is in it",
        },
      ],
    });
    expect(asked.loaded()).toEqual([]);
  });

  test("is no obstacle for who is in it, nor for the other family", async () => {
    expect((await openDoor(host(), "ssh", IPV4, 60)).ok).toBe(true);
    expect((await banSource(host(), IPV6, undefined)).ok).toBe(true);
  });

  test("does not keep a ban from being lifted", async () => {
    const asked = host();
    expect((await unbanSource(asked, address("192.0.2.2"))).ok).toBe(true);
    expect((await unbanSource(asked, IPV4)).ok).toBe(true);
  });
});

test.each([
  ["that somebody else made", listingOf({ ...PROGRAM, sets: [] }), "host-not-ours"],
  ["that nft does not list", fails("Error: Out of memory"), "host-nft-refused"],
])("a gate %s is not taken for none", async (_, table, code) => {
  const host = fakeHost({ tables: [table] });
  for (const result of [
    await openDoor(host, "ssh", IPV4, 60),
    await closeDoor(host, "ssh", undefined),
    await banSource(host, IPV4, undefined),
    await unbanSource(host, IPV4),
  ]) {
    expect(result).toMatchObject({ problems: [{ code }] });
  }
  expect(host.loaded()).toEqual([]);
});

test.each([
  ["open", openDoor(fakeHost(), "ssh", IPV4, 60)],
  ["close", closeDoor(fakeHost(), "ssh", undefined)],
  ["ban", banSource(fakeHost(), IPV4, undefined)],
  ["unban", unbanSource(fakeHost(), IPV4)],
])("%s without a gate is a problem", async (_, result) => {
  expect(await result).toEqual({
    ok: false,
    problems: [
      {
        code: "no-gate",
        severity: "error",
        what: "there is no gate on this host",
        fix: "load one with `postern apply`",
      },
    ],
  });
});
