/** What a rule asks of a packet by itself, whatever the gate knows. */
import type { Packet, TcpFlag, TcpSegment } from "../model/packet.ts";
import { prefixHolds } from "../policy/address.ts";
import type { Match } from "./program.ts";

type Of<Kind extends Match["kind"]> = Extract<Match, { kind: Kind }>;

type PacketMatch = Exclude<Match, { kind: "member" | "spend" }>;

export function matchesPacket(match: PacketMatch, packet: Packet): boolean {
  const { content } = packet;
  switch (match.kind) {
    case "protocol":
      return protocolOf(packet) === match.is;
    case "to-port":
      return (
        "destinationPort" in content &&
        content.destinationPort >= match.first &&
        content.destinationPort <= match.last
      );
    case "from-loopback":
      return packet.interface === "lo";
    case "interface":
      return isNamed(packet.interface, match);
    case "source":
      return prefixHolds(match.in, packet.source);
    case "destination":
      return prefixHolds(match.in, packet.destination);
    case "destined-here":
      return packet.destined === "here";
    case "echo-request":
      return (
        content.protocol === "ping" &&
        packet.source.family === match.family &&
        (match.payloadBytes ?? content.payloadBytes) === content.payloadBytes
      );
    case "payload":
      return content.protocol === match.of && holdsAt(content.payload, match);
    case "new-connection":
    case "connection-answer":
    case "any-flag":
    case "listener-only":
    case "bound-socket":
    case "has-socket":
      return content.protocol === "tcp" && matchesSegment(match, content);
    default:
      return matchesHeaders(match, packet);
  }
}

function isNamed(name: string, match: Of<"interface">): boolean {
  return match.isPrefix ? name.startsWith(match.name) : name === match.name;
}

function holdsAt(payload: Uint8Array | undefined, { at, bytes }: Of<"payload">): boolean {
  return bytes.every((byte, index) => payload?.[at + index] === byte);
}

function matchesSegment(
  match: Of<
    | "new-connection"
    | "connection-answer"
    | "any-flag"
    | "listener-only"
    | "bound-socket"
    | "has-socket"
  >,
  { flags, socket }: TcpSegment,
): boolean {
  switch (match.kind) {
    case "new-connection":
      return flags !== undefined && asksForConnection(flags) === match.is;
    case "connection-answer":
      return flags !== undefined && answersConnection(flags);
    case "any-flag":
      return flags?.some((flag) => match.of.includes(flag)) ?? false;
    case "listener-only":
      return socket === "listener";
    case "bound-socket":
      return socket === "connection";
    case "has-socket":
      return socket !== "none";
  }
}

function matchesHeaders(
  match: Of<"fragment" | "ipv6-fragment" | "readable-ports" | "ipv6-headers" | "whole">,
  packet: Packet,
): boolean {
  const isHidden = packet.content.protocol === "hidden";
  switch (match.kind) {
    case "fragment":
      return packet.isFragment === true && packet.source.family === match.family;
    case "ipv6-fragment":
      return isFragmentHeader(packet, match.is);
    case "readable-ports":
      return !isHidden;
    case "ipv6-headers":
      return isHidden && match.are === "extended";
    case "whole":
      return isWhole(packet, match);
  }
}

function isFragmentHeader(
  { content, source, isFragment }: Packet,
  is: Of<"ipv6-fragment">["is"],
): boolean {
  if (source.family === "ipv4") return false;
  const isMisplaced = content.protocol === "hidden" && content.by === "misplaced";
  if (is === "present") return isFragment === true || content.protocol === "hidden";
  return is === "first-header" && !isMisplaced;
}

function protocolOf({ content, source }: Packet): "tcp" | "udp" | "icmp" | "icmpv6" | undefined {
  if (content.protocol === "hidden") return undefined;
  if (content.protocol !== "ping") return content.protocol;
  return source.family === "ipv4" ? "icmp" : "icmpv6";
}

/** Of the packets here none has options. */
function isWhole(
  { content, source, isFragment }: Packet,
  { family, least, most }: Of<"whole">,
): boolean {
  if (source.family !== family || content.protocol === "tcp" || isFragment === true) return false;
  const payload =
    content.protocol === "ping" ? content.payloadBytes : (content.payload?.length ?? 0);
  const bytes = HEADER_BYTES[family] + payload;
  return bytes >= least && bytes <= most;
}

/** Of IP, and of UDP or an echo request. */
const HEADER_BYTES = { ipv4: 28, ipv6: 48 } as const;

function answersConnection(flags: NonNullable<TcpSegment["flags"]>): boolean {
  const has = (flag: TcpFlag) => flags.includes(flag);
  return has("syn") && has("ack") && !has("rst") && !has("fin");
}

function asksForConnection(flags: NonNullable<TcpSegment["flags"]>): boolean {
  return flags.includes("syn") && !flags.some((flag) => ["ack", "rst", "fin"].includes(flag));
}
