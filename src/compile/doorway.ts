/** What every door has, whatever its gate can remember. */
import { type Address, prefixOf } from "../policy/address.ts";
import type { Door, Policy, Service } from "../policy/policy.ts";
import type { Action, Chain, Counter, Match, Rule, Verdict } from "../program/program.ts";
import { mayNameLoopback } from "./entry.ts";
import {
  chain,
  doing,
  forEachFamily,
  forget,
  goto,
  member,
  type OfFamily,
  RETURN,
  remember,
  rule,
  takes,
} from "./rules.ts";
import type { DoorSets, GateSets } from "./sets.ts";

/**
 * How long a connection is remembered after its last segment, and one of which nothing but a SYN
 * has come. As Linux's nf_conntrack_tcp_timeout_established and _syn_sent.
 */
export const ESTABLISHED_SECONDS = 432_000;
export const HANDSHAKE_SECONDS = 120;
/** The same of one that ends, or was never answered. As nf_conntrack_tcp_timeout_time_wait. */
export const CLOSING_SECONDS = 120;

/** Where a service listens. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** What is known of the host for which a policy is compiled. */
export interface Surroundings {
  /** Where services behind doors listen on one address alone. */
  readonly bound: readonly Endpoint[];
  /**
   * Names of the doors behind which a TCP connection may end elsewhere than at this host's sockets:
   * in a container, at a host behind this one. A listener here at the same port may see nothing of it.
   */
  readonly elsewhere: readonly string[];
}

export interface DoorParts extends Pick<Surroundings, "bound"> {
  readonly policy: Policy;
  readonly door: Door;
  readonly shared: GateSets;
  readonly own: DoorSets;
  readonly refused: Counter;
  /** As in {@link Surroundings}. */
  readonly mayEndElsewhere: boolean;
  /** As {@link looksForAnswers} says. */
  readonly seesAnswers: boolean;
}

/** Whether a door may have TCP connections for which no socket of this host vouches. */
export function looksForAnswers(door: Door, { bound, elsewhere }: Surroundings): boolean {
  return takes(door, "tcp") && (elsewhere.includes(door.name) || boundAt(door, bound).length > 0);
}

/** Those that are behind the door. */
export function boundAt({ protects }: Door, bound: readonly Endpoint[]): Endpoint[] {
  return bound.filter(({ port }) =>
    protects.some(
      ({ protocol, ports }) => protocol === "tcp" && port >= ports.first && port <= ports.last,
    ),
  );
}

/** What comes to a listener on one address, which no look at the sockets tells from a connection. */
export function toListenersOnOneAddress(bound: readonly Endpoint[], to: Verdict): Rule[] {
  return bound.map(({ address, port }) =>
    rule(
      [
        { kind: "protocol", is: "tcp" },
        { kind: "to-port", first: port, last: port },
        { kind: "destination", in: prefixOf(address) },
      ],
      to,
      "a service listens on this address alone",
    ),
  );
}

export function packetsTo({ protocol, ports }: Service): Match[] {
  return [
    { kind: "protocol", is: protocol },
    { kind: "to-port", first: ports.first, last: ports.last },
  ];
}

/** Nothing where the policy's interfaces leave loopback out anyhow. */
export function exemptLoopback({ interfaces }: Policy): Rule[] {
  return mayNameLoopback(interfaces) ? [rule([{ kind: "from-loopback" }], RETURN)] : [];
}

/** The packets whose destination is the door's: any one of the lists of matches. */
export function destinationsOf(door: Door): readonly (readonly Match[])[] {
  if (door.destinations.length === 0) return [[{ kind: "destined-here" }]];
  return door.destinations.map((prefix) => [{ kind: "destination", in: prefix }]);
}

/** What comes to the door for one of its services and its destinations, to that service's chain. */
export function arriveAt(door: Door): Rule[] {
  return door.protects.flatMap((service) =>
    destinationsOf(door).map((at) =>
      rule([...packetsTo(service), ...at], goto(`${service.protocol}_${door.name}`)),
    ),
  );
}

/** A ban outranks a grant (design 3.11). */
export function refuseBanned({ policy, door, shared }: DoorParts): Rule[] {
  const bans = policy.ban === undefined ? [shared.banned] : [shared.banned, shared.autoBanned];
  return bans.flatMap((ban) =>
    forEachFamily((of) => rule([member(of(ban))], goto(`refuse_${door.name}`))),
  );
}

/** Who has a grant goes `to`; the one connection of a grant for single use spends it. */
export function admitGranted(
  { door, own }: DoorParts,
  to: Verdict,
  besides: (of: OfFamily) => readonly Action[] = () => [],
): Rule[] {
  return forEachFamily((of) =>
    door.singleUse
      ? doing([{ kind: "spend", of: of(own.grants) }], [forget(of(own.grants)), ...besides(of)], to)
      : doing([member(of(own.grants))], besides(of), to),
  );
}

/** @param trusted what lets trusted sources pass; they need no session. */
export function udpChain(parts: DoorParts, trusted: readonly Rule[], pass: Verdict): Chain {
  const { door, own } = parts;
  const live = (of: OfFamily) => [remember(of(own.sessions), door.sessionIdleSeconds, true)];
  return chain(
    `udp_${door.name}`,
    `${door.name}: a datagram needs a session, or a grant to begin one.`,
    ...forEachFamily((of) => doing([member(of(own.sessions))], live(of), pass)),
    ...trusted,
    ...refuseBanned(parts),
    ...admitGranted(parts, pass, live),
    rule([], goto(`refuse_${door.name}`)),
  );
}

export function refuseChain({ policy, door, refused }: DoorParts): Chain {
  const verdict: Verdict = { kind: door.refuse };
  return chain(
    `refuse_${door.name}`,
    `${door.name}: refused.`,
    ...(policy.log ? [doing([], [{ kind: "log", line: "refused", door: door.name }])] : []),
    doing([], [{ kind: "count", in: refused }], verdict),
  );
}
