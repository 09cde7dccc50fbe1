/** What would become of a new connection now: the program of the gate is run on one. */
import type { Packet } from "../../model/packet.ts";
import { type Address, printAddress } from "../../policy/address.ts";
import { exampleInterface } from "../../policy/interfaces.ts";
import type { Door, Policy, Step } from "../../policy/policy.ts";
import { printService } from "../../policy/value/service.ts";
import { type State, tracePacket } from "../../program/index.ts";
import { type LiveGate, stateOf } from "../live-policy.ts";
import {
  type Happening,
  happeningsOf,
  linksOf,
  shapeOf,
  type WhyPassed,
  type WhyRefused,
} from "../trace/index.ts";

/** Why packets of a source do not come to a door's rules, or are not judged by them. */
export type WhyNotGated =
  /** Loopback, or the host's own address. */
  | "not-gated"
  /** They come in by an interface that the policy does not cover. */
  | "other-interface"
  /** They reach every destination of the door without passing the gate. */
  | "past-gate";

export interface Visit {
  readonly protocol: "tcp" | "udp";
  /** As the policy writes them: `tcp/22`. */
  readonly services: readonly string[];
  readonly passes: boolean;
  readonly why:
    | WhyPassed
    | WhyRefused
    | WhyNotGated
    /** The door has no address of this family. */
    | "other-address";
}

/** One for each protocol that the door protects, in the order of the policy. */
export function explainVisits(
  gate: LiveGate,
  door: Door,
  source: Address,
  notGated: WhyNotGated | undefined,
): Visit[] {
  const protocols = [...new Set(door.protects.map(({ protocol }) => protocol))];
  return protocols.map((protocol) => {
    const services = door.protects.filter((service) => service.protocol === protocol);
    const named = { protocol, services: services.map(printService) };
    if (notGated !== undefined) return { ...named, passes: true, why: notGated };
    const content = contentTo(protocol, services[0]?.ports.first ?? 0);
    const packet = packetTo(gate.placed.policy, door, source, content);
    const happening = judge(gate, stateOf(gate.program, gate.listing), packet).find(
      (each) => "door" in each && each.door === door.name && isVisit(each),
    );
    return { ...named, passes: happening?.kind !== "refused", why: whyOf(happening) };
  });
}

/** Before the moment of the listing, where who has less than a second left is still a member. */
const NOW = -0.5;

/** What happens to a packet now, in the words that a trace has for it; changes the state. */
export function judge(gate: LiveGate, state: State, packet: Packet): readonly Happening[] {
  const { met } = tracePacket(gate.program, state, packet, NOW);
  const shape = shapeOf(
    gate.listing.sets,
    gate.program.chains.map(({ name }) => name),
  );
  return happeningsOf(linksOf(met), shape, packet.content.protocol);
}

function isVisit({ kind }: Happening): boolean {
  return kind === "passes" || kind === "refused";
}

function whyOf(happening: Happening | undefined): Visit["why"] {
  if (happening?.kind === "passes" || happening?.kind === "refused") return happening.why;
  return "other-address";
}

/** From the source to an address of the door, where it has one of that family. */
export function packetTo(
  policy: Policy,
  door: Door,
  source: Address,
  content: Packet["content"],
): Packet {
  const named = door.destinations.find(({ first }) => first.family === source.family);
  return {
    source,
    destination: named?.first ?? source,
    destined: "here",
    interface: exampleInterface(policy.interfaces),
    content,
  };
}

export function contentTo(protocol: "tcp" | "udp", port: number): Packet["content"] {
  const sourcePort = 0;
  if (protocol === "udp") return { protocol, sourcePort, destinationPort: port };
  return {
    protocol,
    sourcePort,
    destinationPort: port,
    flags: ["syn"],
    sequenceNumber: 0,
    socket: "none",
  };
}

/** A packet that is the step; of two that will do, the one over TCP. */
export function contentOf(step: Step): Packet["content"] {
  if (step.kind === "ping") return { protocol: "ping", payloadBytes: step.payloadBytes };
  return contentTo(step.protocol === "udp" ? "udp" : "tcp", step.port);
}

/** Loopback, which has no doors whatever an interface is called. */
export function isLoopbackSource(source: Address): boolean {
  return /^(127\..*|::1)$/.test(printAddress(source));
}
