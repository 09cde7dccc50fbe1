/** What explain says is what the policy means: held to the model, after random stories. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { labelOf } from "../../src/backend/labels.ts";
import type { Listing, LiveSet } from "../../src/backend/live.ts";
import { compilePolicy, type Memory } from "../../src/compile/index.ts";
import { explainSource, type Visit } from "../../src/gate/explain/index.ts";
import {
  isBanned,
  pastOf,
  type Reason,
  reasonFor,
  type Story,
  stageOf,
} from "../../src/model/index.ts";
import type { Event } from "../../src/model/story.ts";
import { type Address, maskAddress } from "../../src/policy/address.ts";
import type { Door, Policy } from "../../src/policy/policy.ts";
import { membersAt, type Program, type State, sourceKey } from "../../src/program/index.ts";
import { datagram, syn } from "../kernel/packets.ts";
import { CASTS, policies, stories } from "../scenarios/arbitrary.ts";
import { stateAfter } from "../scenarios/judges.ts";
import { limitsOf } from "../scenarios/limits.ts";

const EVERYWHERE = ["198.51.100.1", "203.0.113.7", "2001:db8:1::1", "2001:db8:7::7"];
const TRUSTED = ["192.0.2.11", "2001:db8::11"];

/** What nft would list after a story, with whole seconds as it has them. */
function listingAfter(
  program: Program,
  state: State,
  now: number,
  who: readonly Address[],
): Listing {
  const sets = program.sets.map((set): LiveSet => {
    const { key } = set;
    const members = who.flatMap((source) => {
      if (key.kind !== "source" || source.family !== set.family) return [];
      const name = sourceKey(source, key.prefixLength);
      const endsAt = state.members.get(set.name)?.get(name)?.endsAt ?? 0;
      if (!membersAt(state, set, now).includes(name)) return [];
      const left = endsAt - now;
      return [
        {
          source: maskAddress(source, key.prefixLength),
          secondsLeft: Number.isFinite(left) ? Math.floor(left) : undefined,
        },
      ];
    });
    return { name: set.name, family: set.family, capacity: 65_536, label: labelOf(set), members };
  });
  return { fingerprint: program.fingerprint, sets, counters: [] };
}

const REASONS: Readonly<Partial<Record<Reason, Visit["why"]>>> = {
  trusted: "trusted",
  grant: "grant",
  session: "session",
  banned: "banned",
  "no grant": "no-grant",
};

/** A new flow to the door after the story, as the last event of one that is longer by it. */
function visitAfter(
  story: Story,
  door: Door,
  protocol: "tcp" | "udp",
  source: Address,
  cast: (typeof CASTS)["ipv4"],
): Story {
  const port = door.protects.find((service) => service.protocol === protocol)?.ports.first ?? 0;
  const ends = { source, destination: cast.here, port, sourcePort: 4999 };
  const packet = protocol === "tcp" ? syn(ends) : datagram(ends);
  const at = story.at(-1)?.at ?? 0;
  const event: Event = { at, kind: "packet", packet: { ...packet, interface: "test0" } };
  return [...story, event];
}

type Cast = (typeof CASTS)["ipv4"];

function check(policy: Policy, story: Story, cast: Cast, memory: Memory): void {
  const program = compilePolicy(policy, {}, memory);
  const now = story.at(-1)?.at ?? 0;
  const state = stateAfter(policy, story, memory);
  const listing = listingAfter(program, state, now, cast.sources);
  const nowhere = { file: "p", line: 1, column: 1, length: 1, text: "" };
  const places = {
    trusted: policy.trusted.map(() => nowhere),
    interfaces: [],
    banAfter: undefined,
    doors: [],
  };
  const gate = { placed: { policy, places }, program, listing };
  for (const source of cast.sources) {
    const explained = explainSource(gate, source, false);
    for (const [n, door] of policy.doors.entries()) {
      const said = explained.doors[n];
      expect(said?.attempt?.made ?? 0).toBe(
        stageOf(pastOf(policy, story), door, source, story.length, now),
      );
      for (const visit of said?.visits ?? []) {
        const longer = visitAfter(story, door, visit.protocol, source, cast);
        const past = pastOf(policy, longer);
        const isBannedByThis =
          isBanned(past, source, longer.length, now) && !isBanned(past, source, story.length, now);
        // How many wrong steps were made before, the kernel does not tell.
        if (isBannedByThis) continue;
        expect([door.name, visit.why]).toEqual([door.name, REASONS[reasonFor(past, story.length)]]);
      }
    }
  }
}

/** No SYN is the repetition of another one. */
function unlikeOthers(event: Event, n: number): Event {
  if (event.kind !== "packet" || event.packet.content.protocol !== "tcp") return event;
  const content = { ...event.packet.content, sourcePort: n };
  return { ...event, packet: { ...event.packet, content } };
}

describe.each(["ipv4", "ipv6"] as const)("after a random story over %s", (family) => {
  const cast = CASTS[family];
  const told = policies(EVERYWHERE, TRUSTED).chain((policy) =>
    fc.tuple(fc.constant(policy), stories(policy, cast)),
  );

  test("what explain says of a new connection is what the policy means", () => {
    fc.assert(
      fc.property(told, ([policy, story]) => check(policy, story, cast, "connections")),
      { numRuns: 600 },
    );
  });

  test("it does so where the gate remembers sources, within what that can tell", () => {
    const within = told
      .map(([policy, story]): [Policy, Story] => [policy, story.map(unlikeOthers)])
      .filter(([policy, story]) => limitsOf(policy, story).every((limit) => limit === undefined));
    fc.assert(
      fc.property(within, ([policy, story]) => check(policy, story, cast, "sources")),
      { numRuns: 400 },
    );
  });
});
