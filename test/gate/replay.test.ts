/** Who is in which set after what commands have changed since the sets were read. */
import { expect, test } from "vitest";
import { parseListing } from "../../src/backend/nftables/index.ts";
import type { ManualChange, NotedChange } from "../../src/gate/keep/changes.ts";
import { age, replay } from "../../src/gate/replay.ts";
import { prefixOf, printAddress } from "../../src/policy/address.ts";
import { address } from "../scenarios/arbitrary.ts";
import { programOf } from "../setup/policy.ts";
import { element, listingOf } from "./listings.ts";

const PROGRAM = programOf(`
ipv6-prefix: 64
ban: { after: 5, within: 1m, for: 1h }
doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } }
  web: { protects: tcp/80, sequence: { steps: [41001] } }
`);
const [A, B, C] = [address("192.0.2.7"), address("192.0.2.8"), address("2001:db8:0:1::7")];
const READ = parseListing(
  listingOf(PROGRAM, {
    ssh_grants4: [element("192.0.2.7", 600), element("192.0.2.8", 30)],
    ssh_grants6: [element("2001:db8:0:1::", 600)],
    web_grants4: [element("192.0.2.7", 600)],
    banned4: ["192.0.2.66"],
    auto_banned6: [element("2001:db8:0:2::", 100)],
  }),
).sets;

const NOW = 1000;
/** Done so many seconds ago. */
function done(change: ManualChange, secondsAgo = 0): NotedChange {
  const at = NOW - secondsAgo;
  return { name: "changed", change, begunAt: at, doneAt: at };
}

/** `set: address seconds`, for sets that hold somebody. */
function after(...changes: readonly NotedChange[]): string[] {
  return replay(READ, changes, NOW).flatMap(({ name, members }) =>
    members.map(({ source, secondsLeft = "for ever" }) =>
      [name, source === undefined ? "" : printAddress(source), secondsLeft].join(" "),
    ),
  );
}
const UNCHANGED = after();
const less = (...lines: readonly string[]) => UNCHANGED.filter((line) => !lines.includes(line));

test("a grant that was closed does not come back, of one source or of all, at that door alone", () => {
  expect(after(done({ kind: "close", door: "ssh", source: A }))).toEqual(
    less("ssh_grants4 192.0.2.7 600"),
  );
  expect(after(done({ kind: "close", door: "ssh", source: undefined }))).toEqual(
    UNCHANGED.filter((line) => !line.startsWith("ssh_grants")),
  );
  const neighbour = address("2001:db8:0:1::99");
  expect(after(done({ kind: "close", door: "ssh", source: neighbour }))).toEqual(
    less("ssh_grants6 2001:db8:0:1:: 600"),
  );
});

test("a ban takes the grants of all that it covers along, and is lifted by any address of it", () => {
  const program = programOf("doors: { ssh: { protects: tcp/22, sequence: { steps: [51001] } } }");
  const granted = [element("2001:db8:0:1::8", 600), element("2001:db8:0:2::8", 600)];
  const { sets } = parseListing(listingOf(program, { ssh_grants6: granted }));
  const ban = done({ kind: "ban", source: prefixOf(C), seconds: undefined });
  const neighbour = prefixOf(address("2001:db8:0:1::99"));
  const unban = done({ kind: "unban", source: neighbour });
  const held = (...changes: readonly NotedChange[]) =>
    replay(sets, changes, NOW).flatMap(({ name, members }) =>
      members.map(({ source }) => `${name} ${source === undefined ? "" : printAddress(source)}`),
    );
  expect(held(ban).toSorted()).toEqual(["banned6 2001:db8:0:1::", "ssh_grants6 2001:db8:0:2::8"]);
  expect(held(ban, unban)).toEqual(["ssh_grants6 2001:db8:0:2::8"]);
});

test("a ban comes back with the time that it has left, and takes every grant of its source along", () => {
  const banned = after(done({ kind: "ban", source: prefixOf(A), seconds: 60 }, 20));
  expect(banned).toContain("banned4 192.0.2.7 40");
  expect(banned.filter((line) => line.includes("192.0.2.7"))).toHaveLength(1);
  expect(after(done({ kind: "ban", source: prefixOf(A), seconds: undefined }))).toContain(
    "banned4 192.0.2.7 for ever",
  );
  expect(after(done({ kind: "ban", source: prefixOf(C), seconds: undefined }))).toContain(
    "banned6 2001:db8:0:1:: for ever",
  );
});

test("a ban whose time is over does not come back, and neither does what it took away", () => {
  const banned = after(done({ kind: "ban", source: prefixOf(A), seconds: 60 }, 60));
  expect(banned.filter((line) => line.includes("192.0.2.7"))).toEqual([]);
});

test("a ban or a close that is only begun counts, with all of its time", () => {
  const begun = { name: "changed", begunAt: NOW - 50, doneAt: undefined };
  expect(after({ ...begun, change: { kind: "ban", source: prefixOf(A), seconds: 60 } })).toContain(
    "banned4 192.0.2.7 60",
  );
  expect(after({ ...begun, change: { kind: "close", door: "ssh", source: A } })).toEqual(
    less("ssh_grants4 192.0.2.7 600"),
  );
});

test("a ban that was lifted does not come back, neither by hand nor one for wrong steps", () => {
  const lifted = [address("192.0.2.66"), address("2001:db8:0:2::9")].map((source) =>
    done({ kind: "unban", source: prefixOf(source) }),
  );
  expect(after(...lifted).filter((line) => line.includes("banned"))).toEqual([]);
});

test("a grant that was opened by hand comes back with the time that it has left, in the place of another", () => {
  expect(after(done({ kind: "open", door: "ssh", source: B, seconds: 3600 }, 100))).toEqual([
    ...UNCHANGED.slice(0, UNCHANGED.indexOf("ssh_grants4 192.0.2.8 30")),
    "ssh_grants4 192.0.2.8 3500",
    ...UNCHANGED.slice(UNCHANGED.indexOf("ssh_grants4 192.0.2.8 30") + 1),
  ]);
  expect(after(done({ kind: "open", door: "ssh", source: B, seconds: 5 }, 6))).toEqual(
    less("ssh_grants4 192.0.2.8 30"),
  );
});

test("the last change counts", () => {
  const open = done({ kind: "open", door: "ssh", source: A, seconds: 60 });
  const close = done({ kind: "close", door: "ssh", source: A });
  expect(after(open, close)).not.toContainEqual(expect.stringContaining("ssh_grants4 192.0.2.7"));
  expect(after(close, open)).toContain("ssh_grants4 192.0.2.7 60");
});

test("time that has passed since is time that nobody has any more; what has no end has none", () => {
  const [grants, banned] = ["ssh_grants4", "banned4"].map((name) =>
    age(READ, 30).find((set) => set.name === name),
  );
  expect(grants?.members.map(({ secondsLeft }) => secondsLeft)).toEqual([570]);
  expect(banned?.members).toHaveLength(1);
  expect(age(READ, 29.5).find(({ name }) => name === "ssh_grants4")?.members).toHaveLength(1);
});
