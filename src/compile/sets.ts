/** The sets of a gate: what is remembered of whom, under which name, and what it means. */
import { FAMILIES, type Family, printPrefix, widthOf } from "../policy/address.ts";
import { type Carrier, printCarrier, SLOT_SECONDS } from "../policy/carriers.ts";
import type { Door, Policy, Step, Token } from "../policy/policy.ts";
import type { Key, Role, TimedSet } from "../program/program.ts";

/** One set for each address family: a set's members have one size. */
export type Pair = Readonly<Record<Family, TimedSet>>;

/** How many sources or connections a set holds. 65,536 of them take about 8 MB. */
const CAPACITY = 65536;

export interface GateSets {
  readonly banned: Pair;
  readonly autoBanned: Pair;
  readonly wrong: Pair;
  /** One for the gate, however many doors signed knocks open. */
  readonly signed: SignedSets;
}

export interface SignedSets {
  readonly tags: TimedSet;
  readonly seen: TimedSet;
}

export interface DoorSets {
  readonly grants: Pair;
  readonly sessions: Pair;
  /** Sources whose SYN passed a short time ago by a grant. */
  readonly begun: Pair;
  /** Connections of which nothing but a SYN has passed, by a grant. */
  readonly opening: Pair;
  /** Those of them of which an answer to the SYN has left this host. */
  readonly answered: Pair;
  /** Connections that no socket vouches for, and those of them that end. */
  readonly flows: Pair;
  readonly closing: Pair;
  /** In place of the last three: sources that have begun a connection. */
  readonly letThrough: Pair;
  /** `stages[0]` holds the sources that have made step 1; there is none for the last step. */
  readonly stages: readonly Pair[];
  /** One for each carrier of the door. */
  readonly tokens: readonly TokenSets[];
}

/** For the tokens of one carrier. */
export interface TokenSets {
  /** The carrier as the policy writes it. */
  readonly name: string;
  readonly tokens: TimedSet;
  readonly loaded: TimedSet;
  readonly uses: Pair;
}

export function setsOfGate(policy: Policy): GateSets {
  const banned = sourceKey(policy.banIpv6PrefixLength);
  const { ban } = policy;
  const counted = ban === undefined ? "" : ` ${ban.after} in ${ban.withinSeconds}s`;
  return {
    banned: pair("banned", banned, { kind: "banned" }, "banned by hand"),
    autoBanned: pair("auto_banned", banned, { kind: "auto-banned" }, "banned for wrong steps"),
    wrong: pair("wrong", banned, { kind: "wrong" }, `wrong steps${counted}`),
    signed: signedSets(),
  };
}

/** Tags of the slots within a minute of now are about fifteen. */
const TAGS = 64;

/** Both are filled by the agent; packets are only looked up. */
function signedSets(): SignedSets {
  const common = { family: undefined, singleUse: false };
  return {
    tags: {
      ...common,
      name: "signed_tags",
      key: { kind: "tag" },
      capacity: TAGS,
      role: { kind: "signed-tags" },
      meaning: "how signed knocks of this time begin",
    },
    seen: {
      ...common,
      name: "signed_seen",
      key: { kind: "mark" },
      capacity: CAPACITY,
      role: { kind: "signed-seen" },
      meaning: "signed knocks that have opened a door",
    },
  };
}

export function setsOfDoor(policy: Policy, door: Door): DoorSets {
  const source = sourceKey(policy.ipv6PrefixLength);
  const name = door.name;
  const at = door.destinations.map(printPrefix).join();
  const services = door.protects
    .map(({ protocol, ports }) => `${protocol}/${ports.first}-${ports.last}`)
    .join();
  const steps = door.sequence?.steps ?? [];
  const grants: Role = { kind: "grants", door: name };
  // Another kind of set under another name: the kernel cannot turn one into the other.
  const [stem, use] = door.singleUse
    ? [`${name}_single_grants`, "one connection"]
    : [`${name}_grants`, "connections"];
  return {
    grants: pair(stem, source, grants, `may start ${use} to ${services} at ${at}`, {
      singleUse: door.singleUse,
    }),
    sessions: pair(
      `${name}_sessions`,
      source,
      { kind: "sessions", door: name },
      `sessions with ${services} at ${at}`,
    ),
    begun: pair(`${name}_begun`, source, { kind: "begun", door: name }, `begin at ${at}`),
    opening: pair(`${name}_opening`, FLOW, { kind: "opening", door: name }, "SYNs let through"),
    answered: pair(`${name}_answered`, FLOW, { kind: "answered", door: name }, "SYNs answered"),
    flows: pair(`${name}_flows`, FLOW, { kind: "flows", door: name }, "connections let through"),
    closing: pair(`${name}_closing`, FLOW, { kind: "flows", door: name }, "connections that end"),
    letThrough: pair(
      `${name}_let_through`,
      source,
      { kind: "let-through", door: name },
      `sources let through at ${at}`,
    ),
    stages: steps.slice(1).map((_, index) =>
      pair(
        `${name}_stage${index + 1}_`,
        source,
        { kind: "stage", door: name, stage: index + 1 },
        `made ${steps
          .slice(0, index + 1)
          .map(nameStep)
          .join(" ")} at ${at}`,
      ),
    ),
    tokens: (door.token?.carriers ?? []).map((carrier) => tokenSets(door, carrier)),
  };
}

/** Most uses are remembered for a day. */
const USES = 16_384;

/** Tokens are for a door's name: what it protects makes no difference to what they mean. */
function tokenSets({ name, token }: Door, carrier: Carrier): TokenSets {
  const carried = printCarrier(carrier);
  const stem = `${name}_${nameCarrier(carrier)}`;
  const clients = token?.clients ?? 0;
  const common = { family: undefined, role: { door: name, carrier: carried } };
  const tokens = clients * slotsOf(token);
  return {
    name: carried,
    tokens: {
      ...common,
      name: `${stem}_tokens`,
      key: { kind: "token", carrier: carrier.kind },
      capacity: tokens,
      singleUse: true,
      role: { kind: "tokens", ...common.role },
      meaning: `${tokens} tokens`,
    },
    loaded: {
      ...common,
      name: `${stem}_loaded`,
      key: { kind: "mark" },
      capacity: 4 * clients,
      singleUse: false,
      role: { kind: "loaded", ...common.role },
      // Nothing is known of tokens that have gone with their set.
      meaning: `loaded ${tokens} tokens`,
    },
    uses: pair(
      `${stem}_uses`,
      () => ({ kind: "use", carrier: carrier.kind }),
      { kind: "uses", ...common.role },
      "who has spent which token",
      { capacity: USES },
    ),
  };
}

/**
 * For how many slots the tokens of one client may be in the kernel at a time: a quarter more than
 * are good, since what has ended takes room until the kernel clears it away.
 */
function slotsOf(token: Token | undefined): number {
  if (token === undefined) return 0;
  const good = Math.ceil((token.lookaheadSeconds + token.lateSeconds) / SLOT_SECONDS);
  return Math.ceil(1.25 * good) + 30;
}

/** As it stands in names of sets and chains. */
export function nameCarrier(carrier: Carrier): string {
  return printCarrier(carrier).replace("/", "_");
}

/** A step as the policy file writes it. */
export function nameStep(step: Step): string {
  if (step.kind === "ping") return `ping/${step.payloadBytes}`;
  return step.protocol === "either" ? `${step.port}` : `${step.protocol}/${step.port}`;
}

type KeyOf = (family: Family) => Key;

const FLOW: KeyOf = () => ({ kind: "flow" });

/** The first so many bits of an IPv6 address, and all of an IPv4 one. */
function sourceKey(ipv6PrefixLength: number): KeyOf {
  return (family) => ({
    kind: "source",
    prefixLength: family === "ipv6" ? ipv6PrefixLength : widthOf(family),
  });
}

function pair(
  stem: string,
  keyOf: KeyOf,
  role: Role,
  meaning: string,
  { singleUse = false, capacity = CAPACITY } = {},
): Pair {
  const make = (family: Family): TimedSet => {
    const key = keyOf(family);
    const cut = key.kind === "source" ? ` by /${key.prefixLength}` : "";
    return {
      name: `${stem}${family === "ipv4" ? 4 : 6}`,
      family,
      key,
      capacity,
      singleUse,
      role,
      meaning: `${meaning}${cut}`,
    };
  };
  return { ipv4: make("ipv4"), ipv6: make("ipv6") };
}

export function bothOf(pair: Pair): readonly TimedSet[] {
  return FAMILIES.map((family) => pair[family]);
}
