/**
 * Whoever may change our table may put anything into it. Whatever they put there, we ask nft for
 * nothing but changes to members, and show nothing that moves a cursor.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  applyPolicy,
  banSource,
  closeDoor,
  openDoor,
  readStatus,
  unbanSource,
} from "../../src/gate/index.ts";
import { renderStatus } from "../../src/view/status.ts";
import { address } from "../scenarios/arbitrary.ts";
import { fakeHost } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";

const odd = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "x; flush ruleset",
    "a } ; delete table inet filter",
    "\u001b[2J",
    "ssh\nssh",
    "\u202e",
    "__proto__",
  ),
);
const sane = fc.constantFrom("ssh_grants4", "ssh_grants6", "banned4", "ssh_open", "prerouting");
const name = fc.oneof(odd, sane);
const door = fc.oneof(odd, fc.constantFrom("ssh", "ssh", "web"));
const comment = fc.oneof(
  odd,
  fc
    .record({
      role: fc.constantFrom("grants", "grants", "stage", "banned", "auto-banned", "wrong", "flows"),
      door,
      stage: fc.oneof(fc.nat(20), odd),
      family: fc.constantFrom("ipv4", "ipv6", "ipv5"),
      prefix: fc.oneof(fc.constantFrom(32, 64, 128), fc.nat(999), odd),
      tail: fc.constantFrom("", "", " more", "\n"),
    })
    .map(({ role, door: of, stage, family, prefix, tail }) => {
      const isOfDoor = ["grants", "stage", "flows"].includes(role);
      const about = `${isOfDoor ? ` door=${of}` : ""}${role === "stage" ? ` stage=${stage}` : ""}`;
      const cut = role === "flows" ? "" : ` prefix=${prefix}`;
      return `role=${role}${about} family=${family}${cut} meaning=0123456789abcdef${tail}`;
    }),
);
const value = fc.oneof(
  odd,
  fc.constantFrom("192.0.2.7", "2001:db8::7", "192.0.2.7; flush ruleset"),
  fc.jsonValue(),
);
const member = fc.oneof(
  value,
  fc.record({ elem: fc.record({ val: value, expires: fc.oneof(fc.nat(), odd) }) }),
);
const inTable = { family: fc.constant("inet"), table: fc.constant("postern"), name };
const item = fc.oneof(
  fc.record({
    set: fc.record({
      ...inTable,
      comment,
      size: fc.oneof(fc.nat(), odd),
      elem: fc.array(member, { maxLength: 3 }),
    }),
  }),
  fc.record({ chain: fc.record(inTable) }),
  fc.record({ map: fc.record(inTable) }),
  fc.record({ counter: fc.record({ ...inTable, packets: fc.oneof(fc.nat(), odd) }) }),
  fc.record({ rule: fc.record({ ...inTable, expr: fc.jsonValue() }) }),
);
const listing = fc.array(item, { maxLength: 12 }).map((nftables) => JSON.stringify({ nftables }));

/** The only lines that a change by hand may be made of. */
const MEMBER_LINE =
  /^((add|delete) element inet postern [\w/.-]+ \{ [\da-f.:]+( limit rate 1\/week burst 1 packets)?( timeout \d+s)? \}|flush set inet postern [\w/.-]+)?$/;
const DELETE_LINE = /^delete (map|chain|set|counter) inet postern [\w/.-]+$/;

test("no change by hand says anything but what a change by hand says", async () => {
  await fc.assert(
    fc.asyncProperty(listing, async (table) => {
      const host = fakeHost({ tables: [table] });
      for (const source of [address("192.0.2.7"), address("2001:db8::7")]) {
        await openDoor(host, "ssh", source, 60);
        await closeDoor(host, "ssh", source);
        await banSource(host, source, undefined);
        await unbanSource(host, source);
      }
      await closeDoor(host, "ssh", undefined);
      for (const line of host.loaded().join("").split("\n")) expect(line).toMatch(MEMBER_LINE);
    }),
    { numRuns: 1000 },
  );
});

test("an apply deletes by plain names alone", async () => {
  const policy = policyOf("doors: { ssh: { protects: tcp/22 } }");
  await fc.assert(
    fc.asyncProperty(listing, async (table) => {
      const host = fakeHost({ tables: [table] });
      await applyPolicy(host, policy);
      const lines = host.loaded().join("").split("\n");
      for (const line of lines.filter((text) => text.startsWith("delete"))) {
        if (line !== "delete table ip6 postern") expect(line).toMatch(DELETE_LINE);
      }
    }),
    { numRuns: 300 },
  );
});

test("the status shows nothing that moves a cursor, and is JSON", async () => {
  await fc.assert(
    fc.asyncProperty(listing, async (table) => {
      const status = await readStatus(fakeHost({ tables: [table] }));
      if (!status.ok) return;
      expect(renderStatus(status.value, { colour: false })).toMatch(/^[\x20-\x7e\n]*$/);
      expect(JSON.parse(JSON.stringify(status.value))).toMatchObject({ backend: "nftables" });
    }),
    { numRuns: 1000 },
  );
});
