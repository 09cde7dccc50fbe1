/** A host with a gate and one that knocks at it, on a wire of their own. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Address } from "../../src/policy/address.ts";
import { framesOf } from "../../test/kernel/frames.ts";
import { type Running, untilListening } from "../../test/kernel/host.ts";
import { inNamespace } from "../../test/kernel/namespace.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "../../test/kernel/network.ts";

export const PROTECTED_PORT = 22;

/** Whoever sends has one processor, and the gate's own process another. */
export const SENDERS_PROCESSOR = 0;
const GATES_PROCESSOR = Math.min(1, availableParallelism() - 1);

export interface Site {
  readonly name: string;
  readonly network: Network;
  /** What the gate runs beside the kernel; undefined: nothing. */
  readonly daemon: Running | undefined;
  /** The addresses that the door is open to now. */
  readonly letIn: () => Promise<ReadonlySet<string>>;
  readonly shut: () => Promise<void>;
}

/** A site whose gate runs something. */
export interface DaemonSite extends Site {
  readonly daemon: Running;
}

/** How to knock at a site. */
export interface Way {
  readonly name: string;
  readonly site: Site;
  /** The frames of a knock from each source, good for the minute that follows. */
  readonly knocks: (sources: readonly Address[]) => Promise<readonly (readonly Buffer[])[]>;
}

/** With somebody who listens behind the door. */
export async function makeHosts(): Promise<Network> {
  const network = await makeNetwork();
  const { server } = network;
  // The network of the tests has no limits here. This is what a host has.
  const limits = ["net.ipv4.icmp_ratelimit=1000", "net.ipv4.icmp_msgs_per_sec=1000"];
  await server.run(["sysctl", "-qw", ...limits, "net.ipv4.icmp_msgs_burst=50"]);
  const script = `require("net").createServer(s => s.destroy()).listen(${PROTECTED_PORT}, "0.0.0.0", 4096)`;
  const listener = server.start([process.execPath, "-e", script]);
  await untilListening(listener, { protocol: "tcp", port: PROTECTED_PORT }, "ipv4");
  return network;
}

/** The argument vector of a gate's own process. */
export function onOneProcessor(argv: readonly string[]): string[] {
  return ["taskset", "--cpu-list", `${GATES_PROCESSOR}`, ...argv];
}

let sendersSoFar = 0;

/** Addresses that nobody has knocked from before. */
export function newSources(count: number): Address[] {
  return Array.from({ length: count }, () => senderOf("ipv4", sendersSoFar++));
}

export type Content = Parameters<typeof framesOf>[0]["content"];

export function frameTo({ link }: Network, source: Address, content: Content): Buffer {
  const destination = addressOf(link.server.ipv4);
  const packet = { source, destination, destined: "here", interface: "eth0", content } as const;
  const [frame] = framesOf(packet, 1, link);
  if (frame === undefined) throw new Error("frameTo: a packet without a frame");
  return frame;
}

export function datagram(payload: Uint8Array, destinationPort: number): Content {
  return { protocol: "udp", sourcePort: 40_000, destinationPort, payload };
}

export function echoRequest(payload: Uint8Array): Content {
  return { protocol: "ping", payloadBytes: payload.length, payload };
}

export function syn(destinationPort: number, sourcePort = 40_000): Content {
  return {
    ...{ protocol: "tcp", sourcePort, destinationPort, sequenceNumber: 0x0101_0000 },
    ...{ flags: ["syn"], socket: "listener" },
  } as const;
}

/** How many packets have come in so far. */
export function arrivedAt({ network }: Site): number {
  const { host, interface: device } = network.link.server;
  const devices = inNamespace(host.namespace, () => readFileSync("/proc/self/net/dev", "utf8"));
  return Number(new RegExp(`^\\s*${device}:\\s*\\d+\\s+(\\d+)`, "m").exec(devices)?.[1]);
}
