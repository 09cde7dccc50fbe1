/**
 * What nft tells of a table, read back. listings/ holds what two releases of nft printed of one
 * gate with members (`policy.yaml` beside them), byte for byte.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  parseListing,
  printNftables,
  staleIn,
  type TableListing,
} from "../../../src/backend/nftables/index.ts";
import { printAddress } from "../../../src/policy/address.ts";
import { programOf } from "../../setup/policy.ts";

function recorded(name: string): string {
  return readFileSync(new URL(`listings/${name}`, import.meta.url), "utf8");
}

const POLICY = recorded("policy.yaml");

/** The members of each set that has some, `SOURCE/SECONDS LEFT`. */
function membersIn({ sets }: TableListing): Record<string, string[]> {
  const held = sets.filter(({ members }) => members.length > 0);
  return Object.fromEntries(
    held.map(({ name, members }) => [
      name,
      members.map(({ source, secondsLeft }) =>
        [source === undefined ? "a connection" : printAddress(source), secondsLeft].join("/"),
      ),
    ]),
  );
}

describe.each(["nft-1.0.6.txt", "nft-1.1.3.txt"])("%s", (file) => {
  const listing = parseListing(recorded(file));

  test("is of a gate of ours", () => expect(listing.isOurs).toBe(true));

  test("has the members of every set and how long they are", () => {
    expect(membersIn(listing)).toEqual({
      ssh_single_grants4: ["192.0.2.8/3599"],
      ssh_single_grants6: ["fd91::/9"],
      ssh_stage1_4: ["10.91.0.1/9"],
      vpn_grants4: ["10.91.0.1/86399"],
      vpn_sessions4: ["10.91.0.1/119"],
      banned4: ["192.0.2.9/"],
      banned6: ["2001:db8::/86399"],
      auto_banned4: ["10.91.0.4/3599"],
      wrong4: ["10.91.0.3/59"],
      ssh_begun4: ["10.91.0.1/119"],
      ssh_begun6: ["fd91::/119"],
      ssh_opening4: ["a connection/119"],
      ssh_opening6: ["a connection/119"],
      ssh_flows4: ["a connection/431999"],
    });
  });

  test("tells each set by what its label says", () => {
    const { sets } = listing;
    expect(sets.map(({ name }) => name)).toEqual(programOf(POLICY).sets.map(({ name }) => name));
    for (const { name, family, capacity, label } of sets) {
      expect([name, family]).toEqual([name, name.endsWith("4") ? "ipv4" : "ipv6"]);
      expect(label.family).toBe(family);
      expect(capacity).toBe(65_536);
    }
    expect(sets.find(({ name }) => name === "ssh_single_grants6")?.label).toMatchObject({
      role: { kind: "grants", door: "ssh" },
      prefixLength: 64,
      singleUse: true,
    });
  });

  test("has its counters", () => {
    const counts = Object.fromEntries(listing.counters.map(({ name, packets }) => [name, packets]));
    expect(counts).toMatchObject({ ssh_open: 2, ssh_wrong: 3, ssh_banned: 1, vpn_open: 1 });
  });

  test("has nothing that the policy that it came from would not keep", () => {
    expect(staleIn(listing, programOf(POLICY))).toEqual([]);
  });
});

describe("what a changed policy does not keep", () => {
  const listing = parseListing(recorded("nft-1.0.6.txt"));
  const stale = (text: string) => staleIn(listing, programOf(text));

  test("is what belonged to a door that is gone", () => {
    const gone = stale(POLICY.slice(0, POLICY.indexOf("  vpn:")));
    expect(gone.every((name) => /^(chain|set|counter) (\w+_)?vpn(_|$)/.test(name))).toBe(true);
    expect(gone).toContain("chain udp_vpn");
    expect(gone).toContain("set vpn_sessions6");
    expect(gone).toContain("counter vpn_refused");
  });

  test("is a set under the same name that means something else", () => {
    expect(stale(POLICY.replace("51004", "51003"))).toEqual([
      "set ssh_stage2_4",
      "set ssh_stage2_6",
    ]);
  });

  test("goes in the transaction that brings the new rules, before they are there", () => {
    const text = printNftables(programOf(POLICY), ["set ssh_stage2_4", "chain x"]);
    const lines = text.split("\n").filter((line) => !line.startsWith("#"));
    expect(lines.slice(1, 7)).toEqual([
      "table inet postern",
      "flush table inet postern",
      "delete set inet postern ssh_stage2_4",
      "delete chain inet postern x",
      "table ip6 postern",
      "delete table ip6 postern",
    ]);
  });
});

/** A listing with these things in it, as nft words them. */
function listingOf(...items: readonly Record<string, unknown>[]): TableListing {
  const metainfo = { metainfo: { version: "1.0.6", json_schema_version: 1 } };
  const inTable = (item: object) =>
    Object.fromEntries(
      Object.entries(item).map(([kind, value]) => [
        kind,
        { family: "inet", table: "postern", ...(value as object) },
      ]),
    );
  return parseListing(JSON.stringify({ nftables: [metainfo, ...items.map(inTable)] }));
}

const LABEL = "role=banned family=ipv4 prefix=32 meaning=0123456789abcdef";
const set = (over: Record<string, unknown>) => ({
  set: {
    family: "inet",
    table: "postern",
    name: "banned4",
    type: "ipv4_addr",
    handle: 1,
    size: 9,
    comment: LABEL,
    ...over,
  },
});

test("of the agent's sets it is told which knocks have opened, and not what their tags are", () => {
  const meaning = "family=both meaning=0123456789abcdef";
  const seen = { val: 2748, timeout: 60, expires: 58, comment: "alice ssh 203.0.113.7" };
  const whole = { val: `0x${"ab".repeat(16)}`, timeout: 60, expires: 3 };
  const { sets } = listingOf(
    set({
      ...{ name: "signed_seen", type: "integer", comment: `role=signed-seen ${meaning}` },
      elem: [{ elem: seen }, { elem: whole }],
    }),
    // Of 64 bits: more than a number of JavaScript holds.
    set({
      ...{ name: "signed_tags", type: "integer", comment: `role=signed-tags ${meaning}` },
      elem: [{ elem: { val: -283686952306184, timeout: 60, expires: 58 } }],
    }),
  );
  expect(sets.map(({ members }) => members)).toEqual([
    [
      {
        source: undefined,
        value: "abc".padStart(32, "0"),
        comment: "alice ssh 203.0.113.7",
        secondsLeft: 58,
      },
      { source: undefined, value: "ab".repeat(16), secondsLeft: 3 },
    ],
    [{ source: undefined, secondsLeft: 58 }],
  ]);
});

describe("what others put into our table", () => {
  test("a set without a comment is not ours", () => {
    const { sets, isOurs, names } = listingOf(set({ name: "mine", comment: undefined }));
    expect([sets, isOurs, names]).toEqual([[], false, ["set mine"]]);
  });

  test("a set with a comment of theirs is not ours", () => {
    expect(listingOf(set({ comment: "role of honour" })).isOurs).toBe(false);
  });

  test("a set of theirs beside ours does not make the gate theirs", () => {
    const listing = listingOf(set({ name: "mine", comment: undefined }), set({}));
    expect(listing.isOurs).toBe(true);
    expect(listing.sets.map(({ name }) => name)).toEqual(["banned4"]);
  });

  test("a table with nothing in it may become ours", () => {
    expect(listingOf({ table: { family: "inet", name: "postern" } }).isOurs).toBe(true);
  });

  test("a gate whose labels another release wrote is ours, and none of its sets is kept", () => {
    const listing = listingOf(set({ comment: "role=banned colour=blue" }));
    expect([listing.isOurs, listing.sets]).toEqual([true, []]);
    expect(staleIn(listing, programOf(POLICY))).toEqual(["set banned4"]);
  });

  test("a set of ours without a size, as a stranger would make one, is never full", () => {
    expect(listingOf(set({ size: undefined })).sets[0]?.capacity).toBe(Number.POSITIVE_INFINITY);
  });

  test("members that are no address are no source", () => {
    const elem = [
      { prefix: { addr: "10.0.0.0", len: 8 } },
      { range: ["10.0.0.1", "10.0.0.9"] },
      { elem: { val: { concat: ["10.0.0.1", 22] }, expires: 5 } },
      { elem: { val: "no address", expires: "soon" } },
      "010.0.0.1",
      22,
    ];
    const [banned] = listingOf(set({ elem })).sets;
    expect(banned?.members.map(({ source }) => source)).toEqual(elem.map(() => undefined));
    expect(banned?.members[2]?.secondsLeft).toBe(5);
    expect(banned?.members[3]?.secondsLeft).toBeUndefined();
  });

  test("chains, maps and the like go, in an order in which the kernel lets them", () => {
    const listing = listingOf(
      { chain: { name: "theirs", handle: 1 } },
      { rule: { chain: "theirs", handle: 2, expr: [] } },
      { set: { name: "list", type: "ipv4_addr" } },
      { map: { name: "ways", type: "ipv4_addr", map: "verdict" } },
      { "ct helper": { name: "ftp" } },
      set({}),
    );
    expect(staleIn(listing, programOf(POLICY))).toEqual([
      "map ways",
      "chain theirs",
      "set list",
      "set banned4",
    ]);
  });

  test("a name that nft cannot read back never gets into what we ask of it", () => {
    const odd = ["x; flush ruleset", "a b", "\u001b[31m", "", "}\n", "-x", 'x"'];
    const listing = listingOf(
      ...odd.map((name) => ({ chain: { name, handle: 1 } })),
      ...odd.map((name) => set({ name })),
    );
    expect([listing.names, listing.sets]).toEqual([[], []]);
  });
});

test("what is in other tables is nobody's business here", () => {
  const listing = listingOf(
    set({ table: "filter" }),
    set({ family: "ip" }),
    { chain: { table: "other", name: "input" } },
    { counter: { table: "other", name: "ssh_open", packets: 1 } },
  );
  expect(listing).toEqual({ isThere: false, isOurs: true, sets: [], counters: [], names: [] });
});

test("a listing may come in parts", () => {
  const part = (item: object) => JSON.stringify({ nftables: [item] });
  const listing = parseListing(
    part(set({})),
    part({ chain: { family: "inet", table: "postern", name: "a" } }),
  );
  expect(listing.names).toEqual(["chain a", "set banned4"]);
});

describe("what is no listing is a fault of ours to expect one", () => {
  test.each([
    ["nothing", ""],
    ["no JSON", "Error: no such table"],
    ["another JSON", "[]"],
    ["a list of something else", '{"nftables": [1]}'],
    ["sets that are none", '{"nftables": [{"set": 1}]}'],
    [
      "members that are no list",
      `{"nftables": [{"set": {"family": "inet", "table": "postern", "name": "a", "comment": "${LABEL}", "elem": 1}}]}`,
    ],
  ])("%s", (_, json) => {
    expect(() => parseListing(json)).toThrow();
  });
});
