/**
 * The chains before one door, where the gate remembers sources alone (design 3.1 to 3.5, 3.8,
 * 3.9). Nothing here passes a packet at once: what may pass falls back to where it came from, so
 * that the rules of others behind the gate are met by it.
 */
import type { Chain, Match, Rule } from "../program/program.ts";
import {
  admitGranted,
  arriveAt,
  boundAt,
  type DoorParts,
  ESTABLISHED_SECONDS,
  exemptLoopback,
  HANDSHAKE_SECONDS,
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
  member,
  RETURN,
  remember,
  rule,
  takes,
} from "./rules.ts";

export function compileDoorBySource(parts: DoorParts): Chain[] {
  const { door, policy } = parts;
  return [
    chain(
      `door_${door.name}`,
      `The door ${door.name}: packets to its ports.`,
      ...exemptLoopback(policy),
      ...arriveAt(door),
    ),
    ...(takes(door, "tcp") ? tcpChains(parts) : []),
    ...(takes(door, "udp") ? [udpChain(parts, trusted(parts), RETURN)] : []),
    refuseChain(parts),
  ];
}

function tcpChains(parts: DoorParts): Chain[] {
  return [
    tcpChain(parts),
    ...(parts.mayEndElsewhere ? [] : [listenerChain(parts)]),
    elsewhereChain(parts),
    newChain(parts),
    passChain(parts),
  ];
}

/**
 * A socket with an address of its own vouches for what comes to it, also where the connection is
 * older than the gate; where a service listens on one address alone that is no sign of one.
 */
function tcpChain(parts: DoorParts): Chain {
  const { door, bound } = parts;
  const elsewhere = goto(`elsewhere_${door.name}`);
  const listener: Match[] = [{ kind: "new-connection", is: false }, { kind: "has-socket" }];
  return chain(
    `tcp_${door.name}`,
    `${door.name}: is it a new connection, or part of one that exists?`,
    rule([{ kind: "new-connection", is: true }], goto(`new_${door.name}`)),
    ...toListenersOnOneAddress(boundAt(door, bound), elsewhere),
    rule([{ kind: "new-connection", is: false }, { kind: "bound-socket" }], RETURN),
    ...(parts.mayEndElsewhere ? [] : [rule(listener, goto(`listener_${door.name}`))]),
    rule([], elsewhere, "or a fragment that ends before its flags"),
  );
}

/**
 * The handshake of a SYN cookie ends at the listener, and the kernel takes the same segment again
 * as long as the cookie is good (about two minutes): one passes for each SYN.
 */
function listenerChain(parts: DoorParts): Chain {
  const { door, own } = parts;
  return chain(
    `listener_${door.name}`,
    `${door.name}: no connection has it. It may end a handshake by SYN cookie, once.`,
    ...trusted(parts),
    ...refuseBanned(parts),
    rule([ENDS], goto(`refuse_${door.name}`), "no handshake ends so"),
    ...forEachFamily((of) =>
      doing([HAS_ACK, { kind: "spend", of: of(own.begun) }], [forget(of(own.begun))], RETURN),
    ),
    rule([], goto(`refuse_${door.name}`)),
  );
}

const HAS_ACK: Match = { kind: "any-flag", of: ["ack"] };
const ENDS: Match = { kind: "any-flag", of: ["fin", "rst"] };

/**
 * Connections that end elsewhere (a published container port, a forwarded host) have no socket
 * here. What has neither ACK nor RST is part of no connection, whoever sends it.
 */
function elsewhereChain(parts: DoorParts): Chain {
  const { door, own } = parts;
  const inConnections: Match = { kind: "any-flag", of: ["ack", "rst"] };
  return chain(
    `elsewhere_${door.name}`,
    `${door.name}: no socket vouches for it; perhaps a source that was let through.`,
    ...trusted(parts, [{ kind: "new-connection", is: false }]),
    ...forEachFamily((of) =>
      doing(
        [inConnections, member(of(own.letThrough))],
        [remember(of(own.letThrough), ESTABLISHED_SECONDS, true)],
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
    ...trusted(parts),
    ...refuseBanned(parts),
    ...admitGranted(parts, goto(`pass_${door.name}`)),
    rule([], goto(`refuse_${door.name}`)),
  );
}

/** Trust outranks a ban (design 3.11). In each door: of a shared chain nothing would come back. */
function trusted({ policy }: DoorParts, besides: readonly Match[] = []): Rule[] {
  return policy.trusted.map((prefix) => rule([...besides, { kind: "source", in: prefix }], RETURN));
}

/** Trusted sources are never noted: forged ones push nobody out of a list. */
function passChain({ door, own }: DoorParts): Chain {
  return chain(
    `pass_${door.name}`,
    `${door.name}: let through by a grant. Note its source, so that the rest of it passes.`,
    ...forEachFamily((of) =>
      doing(
        [],
        [
          remember(of(own.begun), HANDSHAKE_SECONDS, true),
          remember(of(own.letThrough), ESTABLISHED_SECONDS, true),
        ],
      ),
    ),
  );
}
