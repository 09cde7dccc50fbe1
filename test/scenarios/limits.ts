/**
 * Where a gate that remembers sources instead of connections (`compilePolicy(..., "sources")`)
 * says something else than the model, exactly what it says then, and why.
 */
import { doorOf, type Packet, passes, pastOf, type Story } from "../../src/model/index.ts";
import type { Event } from "../../src/model/story.ts";
import { asksForConnection, isSameSource } from "../../src/model/traffic.ts";
import { type Address, prefixHolds } from "../../src/policy/address.ts";
import type { Door, Policy } from "../../src/policy/policy.ts";
import type { Outcome } from "../../src/program/index.ts";

export interface Limit {
  readonly outcome: Outcome;
  readonly because: keyof typeof LIMITS;
}

/** The reasons, in the words that documents use. */
export const LIMITS = {
  "its source was let through":
    "a segment with ACK or RST passes when its source began a connection, whichever it is of",
  "neither ACK nor RST": "a segment without both is part of no connection, whoever sends it",
  "every SYN is new":
    "a SYN that is sent again needs a grant again, and uses up one that is for one connection",
} as const;

/** A source that was let through is known for so long after its last segment. */
const KNOWN_SECONDS = 5 * 24 * 3600;

/** Of each event of a story; undefined where all gates agree with the model. */
export function limitsOf(policy: Policy, story: Story): readonly (Limit | undefined)[] {
  const meant = pastOf(policy, story);
  // If no two SYNs are alike, the model itself says what follows where none is taken for another.
  const unlike = pastOf(policy, story.map(numbered));
  const known: Known[] = [];
  return story.map((event, n) => {
    if (event.kind !== "packet") return undefined;
    const door = doorOf(policy, event.packet);
    if (door === undefined) return undefined;
    const isSegment = isPartOfTcp(event.packet) && !asksForConnection(event.packet);
    const does = isSegment ? isVouchedFor(policy, door, event, known) : passes(unlike, n);
    if (does && makesKnown(policy, event.packet)) {
      known.push({ door, source: event.packet.source, at: event.at });
    }
    if (does === passes(meant, n)) return undefined;
    return { outcome: does ? "pass" : door.refuse, because: reason(isSegment, does) };
  });
}

interface Known {
  readonly door: Door;
  readonly source: Address;
  readonly at: number;
}

type Arrival = Extract<Event, { kind: "packet" }>;

function reason(isSegment: boolean, does: boolean): Limit["because"] {
  if (!isSegment) return "every SYN is new";
  return does ? "its source was let through" : "neither ACK nor RST";
}

function numbered(event: Event, n: number): Event {
  if (event.kind !== "packet" || event.packet.content.protocol !== "tcp") return event;
  const content = { ...event.packet.content, sourcePort: n };
  return { ...event, packet: { ...event.packet, content } };
}

/** A socket of the host outweighs the flags; nothing else does. */
function isVouchedFor(
  policy: Policy,
  door: Door,
  { packet, at }: Arrival,
  known: readonly Known[],
): boolean {
  const { content } = packet;
  if (content.protocol !== "tcp" || content.flags === undefined) return false;
  if (content.socket === "connection" || isTrusted(policy, packet)) return true;
  return (
    mayBelong(packet) &&
    known.some(
      (before) =>
        before.door === door &&
        at - before.at < KNOWN_SECONDS &&
        isSameSource(policy, before.source, packet.source),
    )
  );
}

/** Of a packet that passes. What a socket or trust vouches for is not looked at further. */
function makesKnown(policy: Policy, packet: Packet): boolean {
  const { content } = packet;
  if (content.protocol !== "tcp" || content.socket === "connection") return false;
  if (isTrusted(policy, packet)) return false;
  return mayBelong(packet) || asksForConnection(packet);
}

function isTrusted({ trusted }: Policy, { source }: Packet): boolean {
  return trusted.some((prefix) => prefixHolds(prefix, source));
}

function isPartOfTcp({ content }: Packet): boolean {
  return content.protocol === "tcp";
}

function mayBelong({ content }: Packet): boolean {
  return (
    content.protocol === "tcp" &&
    (content.flags?.some((flag) => flag === "ack" || flag === "rst") ?? false)
  );
}
