/**
 * The chains before one door, where the gate remembers connections: who may start one, and who
 * is refused (design 3.1 to 3.5, 3.8, 3.9).
 */
import type { Service } from "../policy/policy.ts";
import type { Chain, Rule } from "../program/program.ts";
import {
  admitGranted,
  arriveAt,
  type DoorParts,
  exemptLoopback,
  packetsTo,
  refuseBanned,
  refuseChain,
  udpChain,
} from "./doorway.ts";
import { chain, forEachFamily, goto, jump, member, PASS, rule, takes } from "./rules.ts";
import { type Endpoint, TRUSTED } from "./shared.ts";

export function compileDoor(parts: DoorParts): Chain[] {
  const { door } = parts;
  const { name } = door;
  return [
    chain(
      `door_${name}`,
      `The door ${name}: packets to its ports.`,
      ...exemptLoopback(parts.policy),
      ...door.protects.flatMap((service) => passConnections(service, parts.bound)),
      ...arriveAt(door),
    ),
    ...(takes(door, "tcp") ? [tcpChain(parts), newChain(parts)] : []),
    ...(takes(door, "udp") ? [udpChain(parts, trusted(parts), PASS)] : []),
    refuseChain(parts),
  ];
}

/**
 * Most packets to a port are of its connections: one look at the sockets passes them, before
 * anything that costs more. Where a service listens on one address alone that look says
 * nothing.
 */
function passConnections(service: Service, bound: readonly Endpoint[]): Rule[] {
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

function tcpChain({ door }: DoorParts): Chain {
  return chain(
    `tcp_${door.name}`,
    `${door.name}: is it a new connection, or part of one that exists?`,
    rule([{ kind: "new-connection", is: true }], goto(`new_${door.name}`)),
    rule([{ kind: "new-connection", is: false }], jump("existing")),
    rule([], goto(`refuse_${door.name}`), "or a fragment that ends before its flags"),
  );
}

function newChain(parts: DoorParts): Chain {
  const { door, shared } = parts;
  return chain(
    `new_${door.name}`,
    `${door.name}: a new connection needs a grant.`,
    ...forEachFamily((of) =>
      rule([member(of(shared.syns))], PASS, "a repeated SYN of one that passed"),
    ),
    ...trusted(parts),
    ...refuseBanned(parts),
    ...admitGranted(parts, goto("pass")),
    rule([], goto(`refuse_${door.name}`)),
  );
}

/** Trust outranks a ban (design 3.11). */
function trusted({ policy }: DoorParts): Rule[] {
  return policy.trusted.length === 0 ? [] : [rule([], jump(TRUSTED))];
}
