/** What a single packet is to a policy, whatever came before it (design 3.1, 3.2, 3.6). */
import { type Address, maskAddress, prefixHolds, widthOf } from "../policy/address.ts";
import { CARRIERS, type Carrier } from "../policy/carriers.ts";
import { coversInterface } from "../policy/interfaces.ts";
import type { Door, Policy, PortRange, Sequence, Step } from "../policy/policy.ts";
import type { Datagram, Packet, TcpSegment } from "./packet.ts";

/** Whether the gate looks at the packet at all. */
export function isGated(policy: Policy, packet: Packet): boolean {
  return coversInterface(policy.interfaces, packet.interface);
}

export function isForDestinationOf(door: Door, packet: Packet): boolean {
  if (door.destinations.length === 0) return packet.destined === "here";
  return door.destinations.some((prefix) => prefixHolds(prefix, packet.destination));
}

/** 3.2: the door that a packet comes to. */
export function doorOf(policy: Policy, packet: Packet): Door | undefined {
  const { content } = packet;
  if (!hasPorts(content) || !isGated(policy, packet)) return undefined;
  return policy.doors.find(
    (door) =>
      isForDestinationOf(door, packet) &&
      door.protects.some(
        ({ protocol, ports }) =>
          protocol === content.protocol && isWithin(ports, content.destinationPort),
      ),
  );
}

/** SYN without ACK, RST and FIN. */
export function asksForConnection({ content }: Packet): boolean {
  if (content.protocol !== "tcp" || content.flags === undefined) return false;
  const { flags } = content;
  return flags.includes("syn") && !flags.some((flag) => /^(ack|rst|fin)$/.test(flag));
}

/** FIN or RST. */
export function endsConnection({ content }: Packet): boolean {
  if (content.protocol !== "tcp") return false;
  return content.flags?.some((flag) => flag === "fin" || flag === "rst") ?? false;
}

export function isStep(packet: Packet, step: Step | undefined): boolean {
  if (step === undefined) return false;
  const { content } = packet;
  if (step.kind === "ping" || !hasPorts(content)) {
    return (
      step.kind === "ping" &&
      content.protocol === "ping" &&
      content.payloadBytes === step.payloadBytes
    );
  }
  return (
    content.destinationPort === step.port &&
    (step.protocol === "either" || step.protocol === content.protocol)
  );
}

export function sequenceOf(door: Door): Sequence {
  if (door.sequence === undefined) throw new Error(`sequenceOf: ${door.name} has no sequence`);
  return door.sequence;
}

/** 3.6: one of the steps that led to stage k, and not the one that leads on. */
export function isRepeat(door: Door, packet: Packet, k: number): boolean {
  const { steps } = sequenceOf(door);
  return !isStep(packet, steps[k]) && steps.slice(0, k).some((step) => isStep(packet, step));
}

/** 3.6: a packet in the watch range or equal to a step; of TCP only new connections. */
export function isKnock(policy: Policy, door: Door, packet: Packet): boolean {
  const { sequence } = door;
  if (sequence === undefined || !isGated(policy, packet)) return false;
  if (!isForDestinationOf(door, packet) || packet.isFragment === true) return false;
  const { content } = packet;
  if (content.protocol === "tcp" && !asksForConnection(packet)) return false;
  const watched =
    hasPorts(content) &&
    sequence.watch !== undefined &&
    isWithin(sequence.watch, content.destinationPort);
  return watched || sequence.steps.some((step) => isStep(packet, step));
}

/** 6.2: whether a packet is one of a carrier's, and has this token where such a packet has one. */
export function shows(packet: Packet, carrier: Carrier, token: Uint8Array): boolean {
  const { protocol, offset, marks } = CARRIERS[carrier.kind];
  const { content } = packet;
  if (content.protocol !== protocol) return false;
  if (carrier.kind !== "ping" && isToAnotherPort(packet, carrier.port)) return false;
  return (
    marks.every(({ at, bytes }) => holdsAt(content.payload, at, bytes)) &&
    holdsAt(content.payload, offset, token)
  );
}

function isToAnotherPort({ content }: Packet, port: number): boolean {
  return !hasPorts(content) || content.destinationPort !== port;
}

function hasPorts(content: Packet["content"]): content is TcpSegment | Datagram {
  return content.protocol === "tcp" || content.protocol === "udp";
}

/** Whether netfilter and the host may read the packet otherwise, and it may be for a door. */
export function isHidden(policy: Policy, packet: Packet): boolean {
  const { content } = packet;
  if (content.protocol !== "hidden" || !isGated(policy, packet)) return false;
  return (
    content.by === "misplaced" || policy.doors.some((door) => isForDestinationOf(door, packet))
  );
}

function holdsAt(payload: Uint8Array | undefined, at: number, bytes: Iterable<number>): boolean {
  return [...bytes].every((byte, index) => payload?.[at + index] === byte);
}

/** Whether the gate takes two addresses for one knocker. */
export function isSameSource(policy: Policy, a: Address, b: Address): boolean {
  return sharesBits(policy.ipv6PrefixLength, a, b);
}

/** Whether a ban of one is a ban of the other. */
export function isBannedWith(policy: Policy, a: Address, b: Address): boolean {
  return sharesBits(policy.banIpv6PrefixLength, a, b);
}

function sharesBits(ofIpv6: number, a: Address, b: Address): boolean {
  const kept = a.family === "ipv6" ? ofIpv6 : widthOf(a.family);
  return a.family === b.family && maskAddress(a, kept).bits === maskAddress(b, kept).bits;
}

/** Whether two TCP segments go the same way between the same ends. */
export function isSameFlow(a: Packet, b: Packet): boolean {
  return (
    a.content.protocol === "tcp" &&
    b.content.protocol === "tcp" &&
    a.source.family === b.source.family &&
    a.source.bits === b.source.bits &&
    a.destination.bits === b.destination.bits &&
    a.content.sourcePort === b.content.sourcePort &&
    a.content.destinationPort === b.content.destinationPort
  );
}

export function isTrusted({ trusted }: Policy, source: Address): boolean {
  return trusted.some((prefix) => prefixHolds(prefix, source));
}

function isWithin({ first, last }: PortRange, port: number): boolean {
  return port >= first && port <= last;
}
