/** What every door has, whatever its gate can remember. */
import type { Door, Policy, Service } from "../policy/policy.ts";
import type { Action, Chain, Counter, Match, Rule, Verdict } from "../program/program.ts";
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
} from "./rules.ts";
import type { DoorSets, GateSets } from "./sets.ts";
import type { Endpoint } from "./shared.ts";

export interface DoorParts {
  readonly policy: Policy;
  readonly door: Door;
  readonly shared: GateSets;
  readonly own: DoorSets;
  readonly refused: Counter;
  readonly bound: readonly Endpoint[];
}

export function packetsTo({ protocol, ports }: Service): Match[] {
  return [
    { kind: "protocol", is: protocol },
    { kind: "to-port", first: ports.first, last: ports.last },
  ];
}

/** Loopback is gated only if a policy could name it, and it cannot. */
export function exemptLoopback(policy: Policy): Rule[] {
  return policy.interfaces.length === 0 ? [rule([{ kind: "from-loopback" }], RETURN)] : [];
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
