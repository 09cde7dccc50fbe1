/** What a trace says of each packet is what the policy means: held to the model. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePolicy } from "../../src/compile/index.ts";
import { type GateShape, type Happening, happeningsOf } from "../../src/gate/trace/happening.ts";
import { linksOf } from "../../src/gate/trace/link.ts";
import {
  isBanned,
  type Past,
  pastOf,
  type Reason,
  reasonFor,
  type Story,
  spendsTokenFor,
  stageOf,
} from "../../src/model/index.ts";
import type { Packet } from "../../src/model/packet.ts";
import type { Event } from "../../src/model/story.ts";
import { isKnock, isStep } from "../../src/model/traffic.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import type { Door, Policy } from "../../src/policy/policy.ts";
import { tracePacket } from "../../src/program/index.ts";
import { CASTS, policies, stories } from "../scenarios/arbitrary.ts";
import { stateAfter } from "../scenarios/judges.ts";
import { candidate } from "../scenarios/signed.ts";
import { carried, tokenOf } from "../scenarios/tokens.ts";
import { policyOf } from "../setup/policy.ts";
import { programOfDoors, TRICKY_NAMES } from "../setup/tricky-names.ts";

const NAMED = {
  ipv4: { elsewhere: ["203.0.113.0/24", "198.51.100.1"], trusted: ["192.0.2.11"] },
  ipv6: { elsewhere: ["2001:db8:7::/48", "2001:db8:1::1"], trusted: ["2001:db8::11"] },
};

type Arrival = Extract<Event, { kind: "packet" }>;

function shapeOfPolicy(policy: Policy): GateShape {
  const { doors, interfaces } = policy;
  return {
    chains: new Set(compilePolicy(policy).chains.map(({ name }) => name)),
    steps: new Map(doors.map(({ name, sequence }) => [name, sequence?.steps.length ?? 1])),
    byInterface: interfaces.length > 0,
  };
}

/** In the trace's words, what the model says that the packet is to the door's sequence. */
function knockByModel(past: Past, door: Door, n: number, { packet, at }: Arrival): string[] {
  if (!isKnock(past.policy, door, packet)) return [];
  const steps = door.sequence?.steps ?? [];
  const before = stageOf(past, door, packet.source, n, at);
  const after = stageOf(past, door, packet.source, n + 1, at);
  const isNext = isStep(packet, steps[before]);
  if (isNext && before + 1 === steps.length) return [`open ${door.name}`];
  if (isNext) return [`step ${after} ${door.name}`];
  if (before === 0) return [`not-first ${door.name}`];
  if (before === after) return [`repeated ${before} ${door.name}`];
  const wasBanned = isBanned(past, packet.source, n, at);
  const isNow = isBanned(past, packet.source, n + 1, at);
  return [`wrong ${before} ${door.name}`, ...(isNow && !wasBanned ? ["banned"] : [])];
}

function tokenByModel(past: Past, door: Door, n: number, { packet }: Arrival): string[] {
  return spendsTokenFor(past, door, packet.source, n) ? [`token ${door.name}`] : [];
}

const PASSING: Readonly<Partial<Record<Reason, string>>> = {
  connection: "passes connection",
  "repeated SYN": "passes repeated-syn",
  session: "passes session",
  trusted: "passes trusted",
  grant: "passes grant",
  banned: "refused banned",
  "no grant": "refused no-grant",
};

function visitByModel(past: Past, n: number, { packet }: Arrival): string[] {
  const reason = reasonFor(past, n);
  if (reason === "no door") return [];
  if (reason !== "no connection") return [PASSING[reason] ?? reason];
  const { content } = packet;
  const isFragment = content.protocol === "tcp" && content.flags === undefined;
  return [`refused ${isFragment ? "fragment" : "no-connection"}`];
}

/** The same of a trace; what the model has no word for is left out. */
function inBrief(happening: Happening): string[] {
  switch (happening.kind) {
    case "step":
      return [`step ${happening.step} ${happening.door}`];
    case "repeated":
    case "wrong":
      return [`${happening.kind} ${happening.made} ${happening.door}`];
    case "banned":
      return ["banned"];
    case "open":
    case "not-first":
    case "token":
      return [`${happening.kind} ${happening.door}`];
    case "passes":
    case "refused":
      return [`${happening.kind} ${happening.why}`];
    default:
      return [];
  }
}

function check(policy: Policy, story: Story): void {
  const program = compilePolicy(policy);
  const shape = shapeOfPolicy(policy);
  const past = pastOf(policy, story);
  for (const [n, event] of story.entries()) {
    if (event.kind !== "packet") continue;
    const state = stateAfter(policy, story.slice(0, n));
    const { met } = tracePacket(program, state, event.packet, event.at);
    const said = happeningsOf(linksOf(met), shape, event.packet.content.protocol).flatMap(inBrief);
    // Once, though one packet may be wrong at two doors, of which either may ban.
    const meant = new Set([
      ...policy.doors.flatMap((door) => [
        ...knockByModel(past, door, n, event),
        ...tokenByModel(past, door, n, event),
      ]),
      ...visitByModel(past, n, event),
    ]);
    // A ban that is renewed is no news to the model.
    const news = said.filter((line) => line !== "banned" || meant.has(line));
    expect(new Set(news)).toEqual(meant);
  }
}

test.each(FAMILIES)(
  "of every packet of a random story over %s",
  (family) => {
    const { elsewhere, trusted } = NAMED[family];
    const told = policies(elsewhere, trusted).chain((policy) =>
      fc.tuple(fc.constant(policy), stories(policy, CASTS[family])),
    );
    fc.assert(
      fc.property(told, ([policy, story]) => check(policy, story)),
      { numRuns: 500 },
    );
  },
  120_000,
);

test("the name of a door is never taken for anything else", () => {
  const program = programOfDoors(TRICKY_NAMES);
  const shape = {
    steps: new Map(TRICKY_NAMES.map((name) => [name, 3])),
    byInterface: false,
    chains: new Set(program.chains.map(({ name }) => name)),
  };
  for (const name of TRICKY_NAMES) {
    const links = [
      link("prerouting", "jump", `knock_${name}`),
      link(`knock_${name}`, "goto", `attempt_${name}`),
      link(`attempt_${name}`, "goto", `stages_${name}`),
      link(`stages_${name}`, "goto", `at_${name}_2`),
      link(`at_${name}_2`, "goto", `wrong_${name}`),
    ];
    for (const { target } of links) {
      expect(program.chains.map((chain) => chain.name)).toContain(target);
    }
    expect(happeningsOf(links, shape, "tcp")).toEqual([
      { kind: "wrong", door: name, made: 2, of: 3 },
    ]);
  }
});

test("of a token is told by what it came and for how long it opens, or that it opens nothing", () => {
  const carriers = ["ping", "udp/62201", "dns/53", "http/80", "tls/443"];
  const policy = policyOf(
    `doors: { ping: { protects: tcp/22, token: { carriers: [${carriers.join(", ")}] } } }`,
  );
  const [cast, door] = [CASTS.ipv6, "ping"];
  for (const [n, text] of carriers.entries()) {
    const carrier = policy.doors[0]?.token?.carriers[n];
    if (carrier === undefined) throw new Error(`no carrier ${text}`);
    const token = tokenOf(cast, text);
    const packet: Packet = {
      source: cast.sources[0],
      destination: cast.here,
      destined: "here",
      interface: cast.interface,
      content: carried(carrier, token),
    };
    const load = { kind: "load", at: 0, door, carrier, token, forSeconds: 9 } as const;
    const saidAfter = (story: Story) => {
      const { met } = tracePacket(compilePolicy(policy), stateAfter(policy, story), packet, 1);
      return happeningsOf(linksOf(met), shapeOfPolicy(policy), packet.content.protocol);
    };
    expect(saidAfter([load])).toEqual([{ kind: "token", door, carrier: text, seconds: 10 }]);
    const none = [{ kind: "no-token", carrier: text }];
    expect(saidAfter([load, { kind: "packet", at: 1, packet }])).toEqual(none);
    expect(saidAfter([])).toEqual(none);
  }
});

test("what may be a signed knock is said to be handed to the agent, or why it is not", () => {
  const policy = policyOf(
    "doors: { ssh: { protects: tcp/22, token: { carriers: [ping] }, signed: { carriers: [ping, udp/62201] } } }",
  );
  const cast = CASTS.ipv4;
  const said = (content: Packet["content"], story: Story = []) => {
    const packet: Packet = {
      source: cast.sources[0],
      destination: cast.here,
      destined: "here",
      interface: cast.interface,
      content,
    };
    const { met } = tracePacket(compilePolicy(policy), stateAfter(policy, story), packet, 1);
    return happeningsOf(linksOf(met), shapeOfPolicy(policy), content.protocol);
  };
  const udp = policy.doors[0]?.signed?.carriers[1] ?? { kind: "ping" as const };
  expect(said(candidate({ kind: "ping" }))).toEqual([{ kind: "handed-over", carrier: "ping" }]);
  expect(said(candidate(udp))).toEqual([{ kind: "handed-over", carrier: "udp/62201" }]);
  expect(said(candidate(udp, { bytes: 100 }))).toEqual([
    { kind: "not-signed", carrier: "udp/62201" },
  ]);
  expect(said({ protocol: "ping", payloadBytes: 56 })).toEqual([
    { kind: "no-token", carrier: "ping" },
    { kind: "not-signed", carrier: "ping" },
  ]);
});

test("a candidate that the limit leaves out is said to be left out", () => {
  const shape = { steps: new Map(), byInterface: false, chains: new Set<string>() };
  const links = [
    link("prerouting", "jump", "carrier_udp_53"),
    link("carrier_udp_53", "goto", "signed_udp_53"),
    link("signed_udp_53", "goto", "candidate_udp_53"),
    { ...link("candidate_udp_53", "goto", ""), verdict: "continue" as const },
  ];
  expect(happeningsOf(links, shape, "udp")).toEqual([
    { kind: "not-handed-over", carrier: "udp/53" },
  ]);
});

test("a ping whose checksum looks like a watched port, or a door's, is for no door", () => {
  const shape = {
    steps: new Map([["ssh", 3]]),
    byInterface: false,
    chains: new Set(["knock_ssh", "door_ssh", "tcp_ssh"]),
  };
  const links = [link("prerouting", "jump", "knock_ssh"), link("prerouting", "jump", "door_ssh")];
  expect(happeningsOf(links, shape, "ping")).toEqual([{ kind: "no-door" }]);
  expect(happeningsOf(links, shape, "tcp")).not.toEqual([{ kind: "no-door" }]);
});

function link(chain: string, verdict: "jump" | "goto", target: string) {
  return { chain, verdict, target, says: undefined };
}
