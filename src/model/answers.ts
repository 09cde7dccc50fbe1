/** What services have sent back, as far as it changes how long a connection is remembered. */
import type { Door } from "../policy/policy.ts";
import type { Packet } from "./packet.ts";
import { type Arrival, eventsBefore, type Past } from "./past.ts";
import { endsConnection, isSameFlow } from "./traffic.ts";

/** For so long after a SYN its answer counts. */
const HANDSHAKE_SECONDS = 120;

/** A packet that left the host, after `n` events. */
interface Sent {
  readonly packet: Packet;
  readonly at: number;
  readonly n: number;
}

/**
 * Whether a connection is remembered for days, and the time of its last segment that counts;
 * never, if nothing but SYNs has come.
 *
 * @param begun the SYN that began it. @param passed its other segments before event `n`.
 */
export function lifeOf(
  past: Past,
  door: Door,
  begun: Arrival | undefined,
  passed: readonly Arrival[],
  n: number,
): { readonly isLiving: boolean; readonly lastAt: number } {
  const lastAt = passed.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const mayLive = begun !== undefined && isAnswered(past, door, begun, passed);
  if (!mayLive || passed.some(({ packet }) => endsConnection(packet))) {
    return { isLiving: false, lastAt };
  }
  const reset = resetAfter(past, passed, n);
  return { isLiving: reset === undefined, lastAt: Math.max(lastAt, reset?.at ?? lastAt) };
}

/**
 * Whether an answer to the SYN left the host before another segment of the connection came. That
 * is looked for where connections end elsewhere, which of a policy alone `destinations` tell.
 *
 * @param passed the other segments of the connection that came.
 */
function isAnswered(past: Past, door: Door, begun: Arrival, passed: readonly Arrival[]): boolean {
  const [next] = passed;
  if (door.destinations.length === 0 || next === undefined) return false;
  return sentBetween(past, begun, next.n).some(
    ({ packet, at }) =>
      at - begun.at < HANDSHAKE_SECONDS &&
      has(packet, "syn") &&
      has(packet, "ack") &&
      !endsConnection(packet),
  );
}

/** The first reset by the service after the handshake; one with ACK may be of a refused SYN. */
function resetAfter(past: Past, [first]: readonly Arrival[], n: number): Sent | undefined {
  if (first === undefined) return undefined;
  return sentBetween(past, first, n).find(
    ({ packet }) => has(packet, "rst") && !has(packet, "ack"),
  );
}

/** What went back of the packet's connection, after it and before event `end`. */
function sentBetween(past: Past, { packet, n: start }: Arrival, end: number): Sent[] {
  return eventsBefore(past, end).flatMap((event, n) =>
    n > start && event.kind === "answer" && isSameFlow(turned(event.packet), packet)
      ? [{ packet: event.packet, at: event.at, n }]
      : [],
  );
}

function has({ content }: Packet, flag: "syn" | "ack" | "rst"): boolean {
  return content.protocol === "tcp" && content.flags?.includes(flag) === true;
}

/** The same with its ends exchanged. */
function turned(packet: Packet): Packet {
  const { source, destination, content } = packet;
  if (content.protocol !== "tcp") return packet;
  const { sourcePort, destinationPort } = content;
  const ports = { sourcePort: destinationPort, destinationPort: sourcePort };
  return { ...packet, source: destination, destination: source, content: { ...content, ...ports } };
}
