/** Policy to program. */
import type { Door, Policy, Step } from "../policy/policy.ts";
import { digest } from "../program/digest.ts";
import type {
  Chain,
  Counter,
  DoorCounter,
  LogKind,
  Program,
  Rule,
  TimedSet,
} from "../program/program.ts";
import { compileAnswers } from "./answers.ts";
import { carrierArrivals, carrierPings, compileCarriers } from "./carrier.ts";
import { type Arrival, dispatch } from "./dispatch.ts";
import { compileDoor, compileTrusted } from "./door.ts";
import { compileDoorBySource } from "./door-by-source.ts";
import { type DoorParts, looksForAnswers, type Surroundings } from "./doorway.ts";
import { chainsAtEntry, type Entry } from "./entry.ts";
import { compileFragments, headersChain, toHeaders } from "./fragments.ts";
import { chain, forEachFamily, jump, packetsOf, RETURN, rule, takes } from "./rules.ts";
import { compileSequence, outlyingSteps } from "./sequence.ts";
import {
  bothOf,
  type DoorSets,
  type GateSets,
  nameStep,
  type Pair,
  setsOfDoor,
  setsOfGate,
} from "./sets.ts";
import { CANDIDATES, hasSigned } from "./signed.ts";

/** What a gate can remember besides: each connection, or only who has begun one. */
export type Memory = "connections" | "sources";

/**
 * What the kernel has to do for a policy; the same arguments always make the same program.
 *
 * @param around what is known of the host. By default every service listens on all addresses, and
 *   only doors with `destinations` are before other hosts: where that is not so, stray segments find
 *   a service that listens on one address, and a connection that NAT hands on past a listener is cut.
 */
export function compilePolicy(
  policy: Policy,
  { bound = [], elsewhere = namesOfForwarded(policy) }: Partial<Surroundings> = {},
  memory: Memory = "connections",
): Program {
  const kind = KINDS[memory];
  const shared = setsOfGate(policy);
  const doors = policy.doors.map((door) => ({
    door,
    own: setsOfDoor(policy, door),
    counters: countersOf(door),
    seesAnswers: kind.seesAnswers && looksForAnswers(door, { bound, elsewhere }),
  }));
  const chains: Chain[] = [
    ...entryChains(policy, kind),
    ...doors.flatMap((own) => {
      const mayEndElsewhere = elsewhere.includes(own.door.name);
      return chainsOfDoor(kind, { policy, shared, ...own }, { bound, mayEndElsewhere });
    }),
    ...compileCarriers(
      policy,
      doors.map(({ door, own, counters }) => ({ policy, door, shared, own, ...counters })),
      shared,
    ),
    ...kind.shared(policy),
  ];
  return {
    fingerprint: fingerprintOf(policy),
    sets: [
      ...doors.flatMap((parts) => doorSetsInUse(parts, kind)),
      ...gateSetsInUse(policy, shared),
    ],
    counters: [
      ...doors.flatMap(({ counters }) => countersInUse(policy, counters)),
      ...(hasSigned(policy) ? [CANDIDATES] : []),
    ],
    logs: logsIn(chains),
    fragmentChains: kind.fragments(policy),
    chains,
    answerChains: compileAnswers(doors.flatMap((one) => (one.seesAnswers ? [one.own] : []))),
    reassembles: kind.reassembles(policy),
  };
}

function entryChains(policy: Policy, kind: Kind): Chain[] {
  const arrivals = [...policy.doors.flatMap(knockArrivals), ...carrierArrivals(policy)];
  const knocks = dispatch("knocks", kind.arrivals(arrivals));
  const services = dispatch("services", kind.arrivals(policy.doors.flatMap(serviceArrivals)));
  return [
    // Knocks first: a door's port may lie in a watch range, and a door ends with a decision.
    ...chainsAtEntry(policy, ENTRY, [
      ...kind.first(policy),
      ...knocks.rules,
      ...pingRules(policy),
      ...services.rules,
    ]),
    ...knocks.chains,
    ...services.chains,
    ...pingChain(policy),
  ];
}

type OfDoor = Pick<DoorParts, "policy" | "door" | "shared" | "own" | "seesAnswers"> & {
  readonly counters: ReturnType<typeof countersOf>;
};

function chainsOfDoor(
  kind: Kind,
  { counters, ...parts }: OfDoor,
  around: Pick<DoorParts, "bound" | "mayEndElsewhere">,
): Chain[] {
  const { sequence } = parts.door;
  return [
    ...kind.door({ ...parts, ...around, refused: counters.refused }),
    ...(sequence === undefined
      ? []
      : compileSequence({ ...parts, sequence, ...counters }, kind.ignored)),
  ];
}

const ENTRY: Entry = {
  name: "prerouting",
  inside: "gate",
  note: "Every incoming packet meets these comparisons, and most meet nothing else.",
};

const FRAGMENTS_ENTRY: Entry = {
  name: "unassembled",
  inside: "unassembled_gate",
  note: "Every incoming IPv6 packet, before fragments are put together.",
};

interface Kind {
  readonly arrivals: (arrivals: readonly Arrival[]) => readonly Arrival[];
  readonly door: (parts: DoorParts) => Chain[];
  readonly shared: (policy: Policy) => Chain[];
  /** The sets for what a door has let through over TCP. */
  readonly sets: (sets: DoorSets) => Pair[];
  readonly fragments: (policy: Policy) => Chain[];
  /** Whether it matters that a service has answered. */
  readonly seesAnswers: boolean;
  /** What every packet meets first. */
  readonly first: (policy: Policy) => Rule[];
  /** What is no knock, though its port is one of a knock. */
  readonly ignored: readonly Rule[];
  readonly reassembles: (policy: Policy) => boolean;
}

function namesOfForwarded({ doors }: Policy): string[] {
  return doors.flatMap(({ name, destinations }) => (destinations.length > 0 ? [name] : []));
}

const KINDS: Readonly<Record<Memory, Kind>> = {
  connections: {
    // One comparison of the port for both is less than one of the protocol besides; a packet of
    // the other protocol that comes to a chain finds nothing there.
    arrivals: withoutProtocols,
    door: compileDoor,
    shared: compileTrusted,
    sets: ({ begun, opening, flows, closing }) => [begun, opening, flows, closing],
    fragments: (policy) =>
      compileFragments(policy, (rules) => chainsAtEntry(policy, FRAGMENTS_ENTRY, rules)),
    seesAnswers: true,
    first: () => [],
    ignored: forEachFamily((_, family) =>
      rule([{ kind: "fragment", family }], RETURN, "a piece is no knock"),
    ),
    reassembles: ({ doors }) => doors.some(({ refuse }) => refuse === "reset"),
  },
  sources: {
    // iptables compares ports of a protocol only. And what a door lets pass comes back: a second
    // arrival by the same port would take a grant for one connection twice.
    arrivals: (arrivals) => arrivals,
    door: compileDoorBySource,
    shared: headersChain,
    sets: ({ begun, letThrough }) => [begun, letThrough],
    // iptables has no table before fragments are put together, so there they always are.
    fragments: () => [],
    // A source that was let through is one entry, whatever it sends.
    seesAnswers: false,
    first: toHeaders,
    ignored: [],
    reassembles: () => true,
  },
};

/** Of everything that a policy says, defaults too; how its file is laid out does not matter. */
export function fingerprintOf(policy: Policy): string {
  return digest(
    JSON.stringify(policy, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
  );
}

function countersOf(door: Door) {
  const counter = (counts: LogKind): DoorCounter => ({
    name: `${door.name}_${counts}`,
    door: door.name,
    counts,
  });
  return {
    refused: counter("refused"),
    opened: counter("open"),
    wrong: counter("wrong"),
    banned: counter("banned"),
  };
}

function countersInUse({ ban }: Policy, counters: ReturnType<typeof countersOf>): Counter[] {
  const { banned, ...always } = counters;
  return ban === undefined ? Object.values(always) : [...Object.values(always), banned];
}

type DoorInUse = Pick<DoorParts, "door" | "own" | "seesAnswers">;

function doorSetsInUse({ door, own, seesAnswers }: DoorInUse, kind: Kind): TimedSet[] {
  const sessions = takes(door, "udp") ? [own.sessions] : [];
  const connections = takes(door, "tcp") ? kind.sets(own) : [];
  const answers = seesAnswers ? [own.answered] : [];
  return [
    ...[own.grants, ...sessions, ...connections, ...answers, ...own.stages].flatMap(bothOf),
    ...own.tokens.flatMap(({ tokens, loaded, uses }) => [tokens, loaded, ...bothOf(uses)]),
  ];
}

function gateSetsInUse(policy: Policy, shared: GateSets): TimedSet[] {
  const { ban, doors } = policy;
  // The first step cannot be wrong, and where the first wrong one bans there is nothing to count.
  const counts =
    doors.some(({ sequence }) => (sequence?.steps.length ?? 0) > 1) && ban?.after !== 1;
  const pairs = [
    shared.banned,
    ...(ban === undefined ? [] : [shared.autoBanned, ...(counts ? [shared.wrong] : [])]),
  ];
  const { tags, seen } = shared.signed;
  return [...pairs.flatMap(bothOf), ...(hasSigned(policy) ? [tags, seen] : [])];
}

const LOG_KINDS: readonly LogKind[] = ["open", "refused", "wrong", "banned"];

/** Those that a rule writes. */
function logsIn(chains: readonly Chain[]): LogKind[] {
  const actions = chains.flatMap(({ rules }) => rules.flatMap(({ then }) => then));
  return LOG_KINDS.filter((kind) =>
    actions.some((action) => action.kind === "log" && action.line === kind),
  );
}

function serviceArrivals(door: Door): Arrival[] {
  return door.protects.map((service) => ({ ...service, chain: `door_${door.name}` }));
}

function knockArrivals({ name, sequence }: Door): Arrival[] {
  if (sequence?.watch === undefined) return [];
  const outlying = outlyingSteps(sequence).flatMap((step) => (step.kind === "port" ? [step] : []));
  return [
    { ports: sequence.watch, chain: `knock_${name}` },
    ...[...new Set(outlying.map(({ port }) => port))].map((port) => ({
      ports: { first: port, last: port },
      protocol: oneProtocolOf(outlying.filter((step) => step.port === port)),
      chain: `steps_${name}`,
    })),
  ];
}

function oneProtocolOf(steps: readonly { readonly protocol: "tcp" | "udp" | "either" }[]) {
  const [first, ...others] = new Set(steps.map(({ protocol }) => protocol));
  return others.length > 0 || first === "either" ? undefined : first;
}

/** Those that differ in nothing else are one. */
function withoutProtocols(arrivals: readonly Arrival[]): Arrival[] {
  const isSame = (one: Arrival, other: Arrival) =>
    one.chain === other.chain &&
    one.ports.first === other.ports.first &&
    one.ports.last === other.ports.last;
  return arrivals
    .filter((one, index) => arrivals.findIndex((other) => isSame(one, other)) === index)
    .map(({ ports, chain }) => ({ ports, chain }));
}

const PINGS = "pings";

function pingSteps(door: Door): Step[] {
  const pings = (door.sequence?.steps ?? []).filter(({ kind }) => kind === "ping");
  return pings.filter(
    (ping, index) => pings.findIndex((p) => nameStep(p) === nameStep(ping)) === index,
  );
}

function pingRules(policy: Policy): Rule[] {
  if (pingChain(policy).length === 0) return [];
  return (["icmp", "icmpv6"] as const).map((is) => rule([{ kind: "protocol", is }], jump(PINGS)));
}

function pingChain(policy: Policy): Chain[] {
  const rules = policy.doors.flatMap((door) =>
    pingSteps(door)
      .flatMap(packetsOf)
      .map((packet) => rule(packet, jump(`attempt_${door.name}`))),
  );
  const all = [...rules, ...carrierPings(policy)];
  return all.length === 0 ? [] : [chain(PINGS, "Echo requests that are knocks.", ...all)];
}
