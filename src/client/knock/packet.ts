/** The packets that a knock is made of. */
import type { Destination, Host, Sent } from "../../host/index.ts";
import { printCarrier } from "../../policy/carriers.ts";
import type { Port, Step } from "../../policy/policy.ts";
import { type Carried, sendSigned } from "../signed/send.ts";
import { type Shown, sendToken } from "../token/send.ts";

export type Protocol = "tcp" | "udp";

export type Packet =
  | { readonly kind: Protocol; readonly port: Port }
  | { readonly kind: "ping"; readonly payloadBytes: number }
  | ({ readonly kind: "token" } & Shown)
  | ({ readonly kind: "signed" } & Carried);

/**
 * Two packets that each make the step, so that one may be lost: what comes again does no harm. A
 * step that takes either protocol is sent over both, since a network may hold one back, unless
 * `via` says which.
 */
export function packetsOf(step: Step, via: Protocol | undefined): readonly [Packet, Packet] {
  if (step.kind === "ping") return twice(step);
  const { protocol, port } = step;
  if (protocol !== "either") return twice({ kind: protocol, port });
  if (via !== undefined) return twice({ kind: via, port });
  return [
    { kind: "tcp", port },
    { kind: "udp", port },
  ];
}

export function twice(packet: Packet): readonly [Packet, Packet] {
  return [packet, packet];
}

/** As steps and carriers are written; of what is signed also by whom. */
export function printPacket(packet: Packet): string {
  switch (packet.kind) {
    case "token":
      return printCarrier(packet.carrier);
    case "signed":
      return `signed:${printCarrier(packet.carrier)} with ${packet.identity}`;
    case "ping":
      return `${packet.kind}/${packet.payloadBytes}`;
    default:
      return `${packet.kind}/${packet.port}`;
  }
}

export function sendPacket(host: Host, to: Destination, packet: Packet): Sent {
  switch (packet.kind) {
    case "tcp":
      return host.network.connect(to, packet.port);
    case "udp":
      return host.network.sendDatagram(to, packet.port);
    case "ping":
      return host.network.ping(to, packet);
    case "token":
      return sendToken(host, to, packet);
    case "signed":
      return sendSigned(host, to, packet);
  }
}
