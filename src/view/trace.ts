/** A trace, a line a packet: what it was, and what came of it. */
import {
  isOfFlow,
  type LeftOut,
  MOST_PACKETS_A_SECOND,
  type Seen,
  type TracedPacket,
  type TraceEnd,
  type TraceEvent,
} from "../gate/index.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { escapeControl } from "../problem/escape.ts";

export interface TraceView {
  /** The address that is traced. */
  readonly source: string;
  readonly colour: boolean;
}

type Tone = "good" | "bad" | "warning" | "quiet" | "plain";
type Words = readonly [tone: Tone, text: string];

/** As wide as `ping/1232` and `tcp/65535`. */
const PACKET_WIDTH = 9;

/** One line. */
export function renderTraceEvent(event: TraceEvent, at: number, view: TraceView): string {
  const [tone, text] = wordsFor(event, view.source);
  const packet = "packet" in event ? namePacket(event.packet) : "";
  const paint = view.colour ? COLOURS[tone] : plain;
  const words = paint(escapeControl(text));
  return `${timeOf(at)}  ${escapeControl(packet.padEnd(PACKET_WIDTH))}  ${words}\n`;
}

/** One JSON object. */
export function printTraceEvent(event: TraceEvent, at: number): string {
  const { kind, ...more } = event;
  const { packet, seen, ...rest } = { packet: undefined, seen: undefined, ...more };
  const told = { at: new Date(at).toISOString(), ...packet, ...rest, ...(seen ?? { kind }) };
  return `${JSON.stringify(told)}\n`;
}

/** What there is to say when it is over. */
export function renderTraceEnd({ packets, leftOut }: TraceEnd, source: string): string {
  if (packets > 0)
    return `${packets} ${packets === 1 ? "packet" : "packets"}${leftOutIn(leftOut)}\n`;
  return `no packet came from ${source}: has the sender another address here, behind NAT or of the other family?\n`;
}

function leftOutIn({ packets, segments }: LeftOut): string {
  const both = [
    ...(packets > 0 ? [`${packets} more`] : []),
    ...(segments > 0 ? [`${segments} segments of connections`] : []),
  ];
  return both.length === 0 ? "" : `; left out: ${both.join(" and ")}`;
}

/** `tcp/22`, `ping/56`, `igmp`. */
function namePacket({ protocol, port, payloadBytes }: TracedPacket): string {
  const detail = port ?? payloadBytes;
  return detail === undefined ? protocol : `${protocol}/${detail}`;
}

/** The host's own time of day. */
function timeOf(at: number): string {
  const time = new Date(at);
  return `${time.toTimeString().slice(0, 8)}.${`${time.getMilliseconds()}`.padStart(3, "0")}`;
}

function wordsFor(event: TraceEvent, source: string): Words {
  switch (event.kind) {
    case "begun":
      return ["plain", `the packets of ${source} are watched`];
    case "packet":
      return wordsOf(event.seen, event.packet, source);
    case "dropped":
      return event.when === "before"
        ? ["bad", `dropped before the gate by the table ${event.table}, chain ${event.chain}`]
        : ["bad", `past the gate, then dropped by the table ${event.table}, chain ${event.chain}`];
    case "left-out":
      return ["warning", `more than ${MOST_PACKETS_A_SECOND} packets a second: not all are shown`];
    case "overrun":
      return ["warning", "too many packets to follow: some are missing here"];
    case "reloaded":
      return ["warning", "the gate was loaded anew; start the trace again to see all reasons"];
    case "gate-gone":
      return ["bad", "the gate was taken away: every door stands open"];
  }
}

function wordsOf(seen: Seen, packet: TracedPacket, source: string): Words {
  switch (seen.kind) {
    case "passes":
      return [seen.why === "connection" ? "quiet" : "good", passing(seen, packet)];
    case "refused":
      return ["bad", `refused at door ${seen.door}: ${refusal(seen.why, packet, source)}`];
    case "elsewhere":
      return seen.what === "knock"
        ? ["warning", `no knock: ${packet.to} is no address of door ${seen.door}`]
        : [
            "warning",
            `passes: ${packet.to} is no address of door ${seen.door}, or it has no such service`,
          ];
    case "not-new":
      return ["quiet", `no knock at ${seen.door}: of TCP only a SYN is one${shownOnce(packet)}`];
    case "other-protocol":
      return ["warning", `a step of ${seen.door} has this port, but another protocol`];
    case "token":
    case "token-no-room":
    case "no-token":
      return byToken(seen, source);
    case "handed-over":
    case "not-handed-over":
    case "not-signed":
      return bySignature(seen);
    case "part":
      return ["warning", "without ports: no knock, and for no door"];
    case "other-interface":
      return ["warning", "came in by an interface that has no doors"];
    case "no-door":
      return ["quiet", `not for any door${isOfFlow(seen, packet) ? shownOnce(packet) : ""}`];
    default:
      return knocking(seen, source);
  }
}

type OfTokens = Extract<Seen, { kind: "token" | "token-no-room" | "no-token" }>;

function byToken(seen: OfTokens, source: string): Words {
  switch (seen.kind) {
    case "token":
      return [
        "good",
        `token by ${seen.carrier}: ${seen.door} is open to ${source}${lasting(seen.seconds)}`,
      ];
    case "token-no-room":
      return [
        "bad",
        `token by ${seen.carrier} for ${seen.door}: it is spent, and there is no room for a grant: its set is full`,
      ];
    case "no-token":
      return [
        "warning",
        `no token by ${seen.carrier} that opens anything: spent, its time over, or never put in`,
      ];
  }
}

type OfSigned = Extract<Seen, { kind: "handed-over" | "not-handed-over" | "not-signed" }>;

function bySignature({ kind, carrier }: OfSigned): Words {
  switch (kind) {
    case "handed-over":
      return [
        "plain",
        `may be a signed knock by ${carrier}: handed to the agent, whose log tells what came of it`,
      ];
    case "not-handed-over":
      return [
        "bad",
        `may be a signed knock by ${carrier}, and is not handed to the agent: more come than it is shown`,
      ];
    case "not-signed":
      return [
        "warning",
        `no signed knock by ${carrier}: its size is another, or how it begins, which goes by the time and the host's key`,
      ];
  }
}

type Knock = Extract<
  Seen,
  {
    kind: "step" | "no-room" | "open" | "repeated" | "wrong" | "banned" | "not-first" | "late";
  }
>;

function knocking(seen: Knock, source: string): Words {
  const { door } = seen;
  switch (seen.kind) {
    case "step": {
      const next = seen.seconds === null ? "" : `, the next within ${printSeconds(seen.seconds)}`;
      return ["good", `step ${seen.step} of ${seen.of} for ${door}${next}`];
    }
    case "no-room":
      return ["bad", `step ${seen.step} of ${seen.of} for ${door} has no room: its set is full`];
    case "open":
      return ["good", `last step: ${door} is open to ${source}${lasting(seen.seconds)}`];
    case "repeated":
      return ["quiet", `repeated step for ${door}: nothing changes, ${madeSteps(seen)}`];
    case "wrong":
      return ["bad", `not step ${seen.made + 1} of ${seen.of} for ${door}: starts over`];
    case "banned":
      return ["bad", `banned${lasting(seen.seconds)} for wrong steps; ${unban(source)}`];
    case "not-first":
      return ["warning", `not step 1 of ${seen.of} for ${door}, and no attempt is under way`];
    case "late":
      return [
        "bad",
        `too late for ${door}: step ${seen.made} of ${seen.of} was ${seen.secondsAgo} s ago and counted for ${printSeconds(seen.seconds)}`,
      ];
  }
}

function madeSteps({ made, of }: { readonly made: number; readonly of: number }): string {
  return `${made} of ${of} are made`;
}

function lasting(seconds: number | null): string {
  return seconds === null ? "" : ` for ${printSeconds(seconds)}`;
}

function passing(
  { door, why, spent }: Extract<Seen, { kind: "passes" }>,
  packet: TracedPacket,
): string {
  switch (why) {
    case "trusted":
      return `passes door ${door}: trusted`;
    case "grant":
      return `passes door ${door}: ${spent ? "the one connection of its grant" : "it has a grant"}`;
    case "session":
      return `passes door ${door}: part of a session${shownOnce(packet)}`;
    case "connection":
      return `passes door ${door}: part of a connection${shownOnce(packet)}`;
    case "repeated-syn":
      return `passes door ${door}: repeats a SYN that passed`;
  }
}

function shownOnce({ sourcePort }: TracedPacket): string {
  return sourcePort === undefined ? "" : ` (the rest from port ${sourcePort} is not shown)`;
}

function refusal(
  why: Extract<Seen, { kind: "refused" }>["why"],
  { flags }: TracedPacket,
  source: string,
): string {
  switch (why) {
    case "no-grant":
      return "no grant";
    case "used-up":
      return "no grant, its one connection has been made";
    case "banned":
      return `banned; ${unban(source)}`;
    case "no-connection":
      return `of no connection (flags: ${flags?.join(" ") || "none"})`;
    case "fragment":
      return "a fragment that ends before its flags";
    case "unknown":
      return "no grant, or banned";
  }
}

function unban(source: string): string {
  return `\`postern unban ${source}\` lifts it`;
}

const plain = (text: string) => text;
const ansi = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const COLOURS: Readonly<Record<Tone, (text: string) => string>> = {
  good: ansi(32),
  bad: ansi(31),
  warning: ansi(33),
  quiet: ansi(2),
  plain,
};
