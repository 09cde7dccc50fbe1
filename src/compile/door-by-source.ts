/**
 * The chains before one door, where the gate remembers sources alone (design 3.1 to 3.5, 3.8,
 * 3.9). Nothing here passes a packet at once: what may pass falls back to where it came from, so
 * that the rules of others behind the gate are met by it.
 */
import type { Policy } from "../policy/policy.ts";
import type { Chain, Match, Rule } from "../program/program.ts";
import {
  admitGranted,
  arriveAt,
  type DoorParts,
  exemptLoopback,
  refuseBanned,
  refuseChain,
  udpChain,
} from "./doorway.ts";
import {
  chain,
  doing,
  forEachFamily,
  goto,
  member,
  RETURN,
  remember,
  rule,
  takes,
} from "./rules.ts";
import type { GateSets } from "./sets.ts";
import { ESTABLISHED_SECONDS, toListenersOnOneAddress } from "./shared.ts";

const PASS = goto("pass");

export function compileDoorBySource(parts: DoorParts): Chain[] {
  const { door, policy } = parts;
  return [
    chain(
      `door_${door.name}`,
      `The door ${door.name}: packets to its ports.`,
      ...exemptLoopback(policy),
      ...arriveAt(door),
    ),
    ...(takes(door, "tcp") ? [tcpChain(parts), elsewhereChain(parts), newChain(parts)] : []),
    ...(takes(door, "udp") ? [udpChain(parts, trustedTo(parts, RETURN), RETURN)] : []),
    refuseChain(parts),
  ];
}

/**
 * A socket with an address of its own vouches for what comes to it, also where the connection is
 * older than the gate; where a service listens on one address alone that is no sign of one.
 */
function tcpChain({ door, bound }: DoorParts): Chain {
  const elsewhere = goto(`elsewhere_${door.name}`);
  const alone = bound.filter(({ port }) =>
    door.protects.some(({ ports }) => port >= ports.first && port <= ports.last),
  );
  return chain(
    `tcp_${door.name}`,
    `${door.name}: is it a new connection, or part of one that exists?`,
    rule([{ kind: "new-connection", is: true }], goto(`new_${door.name}`)),
    ...toListenersOnOneAddress(alone, elsewhere),
    rule([{ kind: "new-connection", is: false }, { kind: "bound-socket" }], RETURN),
    rule([], elsewhere, "or a fragment that ends before its flags"),
  );
}

/**
 * Connections that end elsewhere (a published container port, a forwarded host) have no socket
 * here. What has neither ACK nor RST is part of no connection, whoever sends it.
 */
function elsewhereChain({ door, shared }: DoorParts): Chain {
  const inConnections: Match = { kind: "any-flag", of: ["ack", "rst"] };
  return chain(
    `elsewhere_${door.name}`,
    `${door.name}: no socket vouches for it; perhaps a source that was let through.`,
    ...forEachFamily((of) =>
      doing(
        [inConnections, member(of(shared.letThrough))],
        [remember(of(shared.letThrough), ESTABLISHED_SECONDS, true)],
        RETURN,
      ),
    ),
    rule([], goto(`refuse_${door.name}`)),
  );
}

function newChain(parts: DoorParts): Chain {
  const { door } = parts;
  return chain(
    `new_${door.name}`,
    `${door.name}: a new connection needs a grant.`,
    ...trustedTo(parts, PASS),
    ...refuseBanned(parts),
    ...admitGranted(parts, PASS),
    rule([], goto(`refuse_${door.name}`)),
  );
}

/** Trust outranks a ban (design 3.11). In each door: of a shared chain nothing would come back. */
function trustedTo({ policy }: DoorParts, to: Rule["to"]): Rule[] {
  return policy.trusted.map((prefix) => rule([{ kind: "source", in: prefix }], to));
}

export function compileSharedBySource({ doors }: Policy, { letThrough }: GateSets): Chain[] {
  if (!doors.some((door) => takes(door, "tcp"))) return [];
  return [
    chain(
      "pass",
      "A new connection is let through: note its source, so that the rest of it passes.",
      ...forEachFamily((of) => doing([], [remember(of(letThrough), ESTABLISHED_SECONDS, true)])),
    ),
  ];
}
