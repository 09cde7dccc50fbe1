/** The packets with which a client makes a step. */
import type { Answer, Destination, Host, Sent } from "../../host/index.ts";
import type { Port, Step } from "../../policy/policy.ts";

export type Protocol = "tcp" | "udp";

export type Packet =
  | { readonly kind: Protocol; readonly port: Port }
  | { readonly kind: "ping"; readonly payloadBytes: number };

/**
 * Two packets that each make the step, so that one may be lost: what comes again does no harm. A
 * step that takes either protocol is sent over both, since a network may hold one back, unless
 * `via` says which.
 */
export function packetsOf(step: Step, via: Protocol | undefined): readonly [Packet, Packet] {
  if (step.kind === "ping") return [step, step];
  const { protocol, port } = step;
  if (protocol !== "either") return twice({ kind: protocol, port });
  if (via !== undefined) return twice({ kind: via, port });
  return [
    { kind: "tcp", port },
    { kind: "udp", port },
  ];
}

function twice(packet: Packet): readonly [Packet, Packet] {
  return [packet, packet];
}

/** As steps are written. */
export function printPacket(packet: Packet): string {
  return `${packet.kind}/${packet.kind === "ping" ? packet.payloadBytes : packet.port}`;
}

export function sendPacket(host: Host, to: Destination, packet: Packet): Sent {
  switch (packet.kind) {
    case "tcp":
      return host.network.connect(to, packet.port);
    case "udp":
      return host.network.sendDatagram(to, packet.port);
    case "ping":
      return sendPing(host, to, packet.payloadBytes);
  }
}

const PING_SECONDS = 2;
/** What `ping` ends with where nothing came back. */
const NO_REPLY = 1;

/** Echo requests take a privilege that `ping` has, whoever starts it. */
function sendPing(host: Host, { address }: Destination, payloadBytes: number): Sent {
  const options = ["-n", "-q", "-c", "1", "-W", `${PING_SECONDS}`, "-s", `${payloadBytes}`];
  const ping = host.start(["ping", ...options, address]);
  const answer = (async (): Promise<Answer | undefined> => {
    const said: string[] = [];
    for await (const line of ping.lines) said.push(line);
    const status = await ping.ended;
    if (status === 0) return { kind: "accepted" };
    if (status === NO_REPLY) return undefined;
    return { kind: "unreachable", why: said.find((line) => line !== "") ?? "ping failed" };
  })();
  return { answer, end: () => ping.stop() };
}
