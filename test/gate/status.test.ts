/** What a live gate knows, in the words that scripts may rely on. */
import { expect, test } from "vitest";
import { parseListing } from "../../src/backend/nftables/index.ts";
import { readStatus } from "../../src/gate/index.ts";
import { nftables } from "../../src/gate/nftables/index.ts";
import { statusOf } from "../../src/gate/status.ts";
import { fakeHost, LIST, LIST_FRAGMENTS, LIST_TERSE } from "../setup/fake-host.ts";
import { programOf } from "../setup/policy.ts";
import { element, listingOf } from "./listings.ts";

const PROGRAM = programOf(`
ban: { after: 5, within: 1m, for: 1h }
doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, 54040, 52777] } }
  ssh-2: { protects: udp/22 }
`);

test("the status of a gate has every door, source, ban, set and counter", async () => {
  const members = {
    ssh_grants4: [element("192.0.2.7", 9)],
    ssh_grants6: [element("2001:db8::7", 8)],
    ssh_stage1_4: [element("192.0.2.8", 7)],
    ssh_stage2_6: [element("2001:db8::8", 6)],
    "ssh-2_sessions4": [element("192.0.2.9", 99)],
    banned4: ["192.0.2.66"],
    auto_banned6: [element("2001:db8::66", 3599)],
    wrong4: [element("192.0.2.5", 9)],
  };
  const counts = { ssh_open: 3, ssh_refused: 5, "ssh-2_refused": 7 };
  const host = fakeHost({ tables: [listingOf(PROGRAM, members, counts)] });
  const status = await readStatus(host);
  if (!status.ok) throw new Error(status.problems[0]?.what);
  const { sets, ...rest } = status.value;
  expect(rest).toEqual({
    backend: "nftables",
    toHoldMore: null,
    agent: null,
    unconfirmed: null,
    atBoot: null,
    bypasses: null,
    doors: [
      {
        name: "ssh",
        open: [
          { source: "192.0.2.7", secondsLeft: 9 },
          { source: "2001:db8::7", secondsLeft: 8 },
        ],
        sessions: [],
        partWay: [
          { source: "192.0.2.8", secondsLeft: 7, stage: 1, of: 3 },
          { source: "2001:db8::8", secondsLeft: 6, stage: 2, of: 3 },
        ],
        counters: { refused: 5, open: 3, wrong: 0, banned: 0 },
        tokens: [],
        knocks: [],
      },
      {
        name: "ssh-2",
        open: [],
        sessions: [{ source: "192.0.2.9", secondsLeft: 99 }],
        partWay: [],
        counters: { refused: 7, open: 0, wrong: 0, banned: 0 },
        tokens: [],
        knocks: [],
      },
    ],
    banned: [
      { source: "192.0.2.66", secondsLeft: null, automatic: false },
      { source: "2001:db8::/64", secondsLeft: 3599, automatic: true },
    ],
  });
  expect(sets).toHaveLength(PROGRAM.sets.length);
  expect(sets).toContainEqual({ name: "wrong4", members: 1, capacity: 65_536 });
  expect(host.ran.map(({ argv }) => argv)).toEqual([LIST_TERSE, LIST_FRAGMENTS, LIST]);
});

test("counters of strangers in our table are nobody's", async () => {
  const listing = JSON.parse(listingOf(PROGRAM)) as { nftables: unknown[] };
  for (const name of [
    "ssh",
    "_",
    "ssh_",
    "ssh_open_",
    "ssh_odd",
    "__proto___x",
    "x_open",
    "ssh_\u001b[31m",
  ]) {
    listing.nftables.push({ counter: { name, packets: 1 } });
  }
  const status = await readStatus(fakeHost({ tables: [JSON.stringify(listing)] }));
  if (!status.ok) throw new Error(status.problems[0]?.what);
  for (const { counters } of status.value.doors) {
    expect(Object.keys(counters)).toEqual(["refused", "open", "wrong", "banned"]);
  }
});

test("without a gate there is no status", async () => {
  expect(await readStatus(fakeHost())).toMatchObject({ problems: [{ code: "no-gate" }] });
});

test("how full a set is that Postern itself fills is not told: it would look like a flood", () => {
  const program = programOf(
    "doors: { ssh: { protects: tcp/22, token: { carriers: [ping] }, signed: { carriers: [ping], signers: /etc/s } } }",
  );
  const status = statusOf({ backend: nftables, listing: parseListing(listingOf(program)) });
  const told = status.sets.map(({ name }) => name);
  const others = program.sets.map(({ name }) => name).filter((name) => !told.includes(name));
  expect(others).toEqual(["ssh_ping_tokens", "ssh_ping_loaded", "signed_tags"]);
});
