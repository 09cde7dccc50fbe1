/**
 * The chains before one door, where the gate remembers connections: who may start one, and who
 * is refused (design 3.1 to 3.5, 3.8, 3.9).
 */
import type { Policy, Service } from "../policy/policy.ts";
import type { Action, Chain, Match, Rule } from "../program/program.ts";
import {
  admitGranted,
  arriveAt,
  boundAt,
  CLOSING_SECONDS,
  type DoorParts,
  ESTABLISHED_SECONDS,
  exemptLoopback,
  HANDSHAKE_SECONDS,
  packetsTo,
  refuseBanned,
  refuseChain,
  toListenersOnOneAddress,
  udpChain,
} from "./doorway.ts";
import {
  chain,
  doing,
  forEachFamily,
  forget,
  goto,
  jump,
  member,
  type OfFamily,
  PASS,
  remember,
  rule,
  takes,
} from "./rules.ts";

export const TRUSTED = "trusted";

export function compileDoor(parts: DoorParts): Chain[] {
  const { door, policy } = parts;
  const { name } = door;
  return [
    chain(
      `door_${name}`,
      `The door ${name}: packets to its ports.`,
      ...exemptLoopback(policy),
      ...door.protects.flatMap((service) => passConnections(service, parts)),
      ...arriveAt(door),
    ),
    ...(takes(door, "tcp") ? tcpChains(parts) : []),
    ...(takes(door, "udp") ? [udpChain(parts, trusted(parts), PASS)] : []),
    refuseChain(parts),
  ];
}

/** The chain that trusted sources pass by; none where there are none. */
export function compileTrusted({ trusted: sources }: Policy): Chain[] {
  if (sources.length === 0) return [];
  return [
    chain(
      TRUSTED,
      "Sources that never need to knock.",
      ...sources.map((prefix) => rule([{ kind: "source", in: prefix }], PASS)),
    ),
  ];
}

function tcpChains(parts: DoorParts): Chain[] {
  return [
    tcpChain(parts),
    newChain(parts),
    passChain(parts),
    existingChain(parts),
    halfChain(parts),
    ...(parts.mayEndElsewhere ? [] : [listenerChain(parts)]),
    rememberedChain(parts),
  ];
}

/**
 * Most packets to a port are of its connections: one look at the sockets passes them, before
 * anything that costs more. Where a service listens on one address alone that look says
 * nothing.
 */
function passConnections(service: Service, { bound }: DoorParts): Rule[] {
  const { first, last } = service.ports;
  if (service.protocol === "udp") return [];
  if (bound.some(({ port }) => port >= first && port <= last)) return [];
  return [
    rule(
      [...packetsTo(service), { kind: "new-connection", is: false }, { kind: "bound-socket" }],
      PASS,
    ),
  ];
}

function tcpChain(parts: DoorParts): Chain {
  const { name } = parts.door;
  return chain(
    `tcp_${name}`,
    `${name}: is it a new connection, or part of one that exists?`,
    rule([{ kind: "new-connection", is: true }], goto(`new_${name}`)),
    rule([{ kind: "new-connection", is: false }], goto(`existing_${name}`)),
    rule([], goto(`refuse_${name}`), "or a fragment that ends before its flags"),
  );
}

function newChain(parts: DoorParts): Chain {
  const { door } = parts;
  return chain(
    `new_${door.name}`,
    `${door.name}: a new connection needs a grant.`,
    // Nobody judges what comes later of such a packet, so that a ban would not hold at once.
    ...forEachFamily((_, family) =>
      rule([{ kind: "fragment", family }], goto(`refuse_${door.name}`), "nobody cuts a SYN"),
    ),
    ...trusted(parts),
    ...refuseBanned(parts),
    ...forEachFamily((of) => rule(isOpening(parts, of), PASS, "a repeated SYN of one that passed")),
    ...admitGranted(parts, goto(`pass_${door.name}`)),
    rule([], goto(`refuse_${door.name}`)),
  );
}

/** The second set is of sources, so that `close` and `ban` end all that a source has begun. */
function isOpening({ own }: DoorParts, of: OfFamily): Match[] {
  return [member(of(own.opening)), member(of(own.begun))];
}

/** Trusted sources are never noted: whoever forges them fills no set. */
function passChain({ door, own, seesAnswers }: DoorParts): Chain {
  return chain(
    `pass_${door.name}`,
    `${door.name}: let through by a grant. Note it until the handshake is over.`,
    ...forEachFamily((of) =>
      doing(
        [],
        [
          remember(of(own.begun), HANDSHAKE_SECONDS, true),
          remember(of(own.opening), HANDSHAKE_SECONDS, true),
          // An older connection of the same ends is over.
          ...(seesAnswers ? [forget(of(own.answered))] : []),
          forget(of(own.flows)),
          forget(of(own.closing)),
        ],
      ),
    ),
    rule([], PASS),
  );
}

/**
 * A socket of this host that is more than a listener answers for its connection, also for
 * one that is older than the gate. Connections that end elsewhere (a published container
 * port, a forwarded host) have none, or a proxy's listener that never sees them. A listener
 * on one address cannot be told from a connection, so there only what was let through counts.
 */
function existingChain(parts: DoorParts): Chain {
  const { door, bound } = parts;
  const { name } = door;
  const remembered = goto(`remembered_${name}`);
  return chain(
    `existing_${name}`,
    `${name}: which socket would take it?`,
    ...trusted(parts),
    ...toListenersOnOneAddress(boundAt(door, bound), remembered),
    rule(
      [{ kind: "listener-only" }],
      parts.mayEndElsewhere ? remembered : goto(`listener_${name}`),
    ),
    rule([{ kind: "has-socket" }], goto(`half_${name}`)),
    rule([], remembered),
  );
}

/** What a door knows of a handshake, when the next segment of the connection has come. */
function forgetOpening({ own, seesAnswers }: DoorParts, of: OfFamily): Action[] {
  return [forget(of(own.opening)), ...(seesAnswers ? [forget(of(own.answered))] : [])];
}

function halfChain(parts: DoorParts): Chain {
  const { door, own } = parts;
  return chain(
    `half_${door.name}`,
    `${door.name}: a handshake that this segment ends, or a connection that was closed just now.`,
    ...refuseBanned(parts),
    // The other end has the answer to its SYN, and does not repeat it any more.
    ...forEachFamily((of) => doing(isOpening(parts, of), forgetOpening(parts, of), PASS)),
    ...forEachFamily((of) =>
      rule([member(of(own.opening))], goto(`refuse_${door.name}`), "closed since its SYN"),
    ),
    rule([], PASS),
  );
}

/**
 * The handshake of a SYN cookie ends at the listener. The kernel takes the same segment again as
 * long as the cookie is good (about two minutes), so it passes once.
 */
function listenerChain(parts: DoorParts): Chain {
  const { door, own } = parts;
  return chain(
    `listener_${door.name}`,
    `${door.name}: no connection has it. It may end a handshake by SYN cookie, once.`,
    ...refuseBanned(parts),
    ...forEachFamily((of) => doing(isOpening(parts, of), [forget(of(own.opening))], PASS)),
    rule([], goto(`refuse_${door.name}`)),
  );
}

/**
 * After its first FIN or RST a connection moves to `closing`. In one set with the others its last
 * ACK would renew it for days, and ended connections would fill the set. A connection whose SYN has no
 * answer yet is in `closing`, too: a guest who sends SYN and ACK from all ports fills no other set.
 */
function rememberedChain(parts: DoorParts): Chain {
  const { door, own, seesAnswers } = parts;
  const { answered, flows, closing } = own;
  const ends: Match = { kind: "any-flag", of: ["fin", "rst"] };
  const closed = (of: OfFamily) => remember(of(closing), CLOSING_SECONDS, true);
  const lives = (of: OfFamily) => remember(of(flows), ESTABLISHED_SECONDS, true);
  const endsAfter = (of: OfFamily) => [closed(of), ...forgetOpening(parts, of)];
  const livesAfter = (of: OfFamily) => [lives(of), ...forgetOpening(parts, of)];
  return chain(
    `remembered_${door.name}`,
    `${door.name}: no socket vouches for it; perhaps a connection that was let through.`,
    ...forEachFamily((of) =>
      doing([ends, member(of(flows))], [closed(of), forget(of(flows))], PASS),
    ),
    ...forEachFamily((of) => doing([member(of(flows))], [lives(of)], PASS)),
    // A connection that has ended, or is only opening, is none that a ban leaves alone.
    ...refuseBanned(parts),
    ...forEachFamily((of) => doing([member(of(closing))], [closed(of)], PASS)),
    ...(seesAnswers
      ? [
          ...forEachFamily((of) => doing([ends, ...isOpening(parts, of)], endsAfter(of), PASS)),
          ...forEachFamily((of) =>
            doing([...isOpening(parts, of), member(of(answered))], livesAfter(of), PASS),
          ),
        ]
      : []),
    // Also where the set of those that live has no room.
    ...forEachFamily((of) => doing(isOpening(parts, of), endsAfter(of), PASS)),
    rule([], goto(`refuse_${door.name}`)),
  );
}

/** Trust outranks a ban (design 3.11). */
function trusted({ policy }: DoorParts): Rule[] {
  return policy.trusted.length === 0 ? [] : [rule([], jump(TRUSTED))];
}
