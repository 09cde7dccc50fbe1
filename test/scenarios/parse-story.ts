/** The words of the scenario table as a story for a cast, and what has to become of each packet. */
import type { Packet, TcpFlag } from "../../src/model/packet.ts";
import type { Event, Story } from "../../src/model/story.ts";
import { type Address, printAddress } from "../../src/policy/address.ts";
import type { Carrier } from "../../src/policy/carriers.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { parseCarrier, parseSignedCarrier } from "../../src/policy/value/carrier.ts";
import { sure } from "../setup/sure.ts";
import { answerTo, type Cast } from "./arbitrary.ts";
import { POLICIES } from "./scenarios.ts";
import { candidate } from "./signed.ts";
import { carried, FAULTS, tokenOf } from "./tokens.ts";

export interface Script {
  readonly story: Story;
  /** Undefined for what is no packet. */
  readonly passes: readonly (boolean | undefined)[];
}

/** @param beatSeconds from one word to the next. */
export function parseStory(text: string, cast: Cast, beatSeconds = 0.05): Script {
  const story: Event[] = [];
  const passes: (boolean | undefined)[] = [];
  let at = 0;
  for (const word of text.split(" ")) {
    const wait = /^\+([\d.]+)s$/.exec(word)?.[1];
    at += wait === undefined ? beatSeconds : Number(wait);
    if (wait !== undefined) continue;
    const [, who = "", rest = ""] = /^(b>)?(.*)$/.exec(word) ?? [];
    const source = cast.sources[who === "" ? 0 : 1];
    const command = parseCommand(rest, source, cast);
    story.push({ at, ...(command ?? { kind: "packet", packet: parsePacket(rest, source, cast) }) });
    passes.push(command === undefined ? !rest.endsWith("-") : undefined);
  }
  return { story, passes };
}

type Timeless<T> = T extends unknown ? Omit<T, "at"> : never;
type Command = Timeless<Exclude<Event, { readonly kind: "packet" }>>;

function parseCommand(word: string, source: Address, cast: Cast): Command | undefined {
  const [kind = "", rest = ""] = word.split("=");
  const [door = "", time = "", ...more] = rest.split(",");
  const seconds = (text: string) => Number.parseFloat(text);
  switch (kind) {
    case "open":
      return { kind, door, source, forSeconds: seconds(time) };
    case "close":
      return { kind, door, source };
    case "ban":
      return { kind, source, ...(rest === "" ? {} : { forSeconds: seconds(rest) }) };
    case "unban":
      return { kind, source };
    case "answer":
      return { kind, packet: answerTo(parsePacket(rest, source, cast)) };
    case "load": {
      const [name = "", end = "60s"] = more;
      const token = tokenOf(cast, name);
      return { kind, door, carrier: carrierOf(time), token, forSeconds: seconds(end) };
    }
    default:
      return undefined;
  }
}

export function carrierOf(text: string): Carrier {
  return sure(parseCarrier({ text }));
}

const CARRIED = /^([a-z]+(?:\/\d+)?)!([A-Z])(?:~(\w+))?(@elsewhere)?-?$/;

/** Undefined: no packet with a token. */
function parseCarried(word: string, cast: Cast): Packet["content"] | undefined {
  const [, carrier, name = "", wrong] = CARRIED.exec(word) ?? [];
  if (carrier === undefined) return undefined;
  const fault = FAULTS.find((one) => one === wrong);
  if (wrong !== fault) throw new Error(`parseCarried: nobody knows the fault ${wrong}`);
  return carried(carrierOf(carrier), tokenOf(cast, name), fault);
}

const CANDIDATE = /^signed-(ping|udp\/\d+)(@elsewhere)?-?$/;

/** Undefined: not what may be a signed knock. */
function parseCandidate(word: string): Packet["content"] | undefined {
  const [, carrier] = CANDIDATE.exec(word) ?? [];
  return carrier === undefined ? undefined : candidate(sure(parseSignedCarrier({ text: carrier })));
}

const PACKET = /^(tcp|udp|ping)\/(\d+)(?::(\d+)(?:\.(\d+))?)?(?:\[(.*?)\])?(@elsewhere)?-?$/;

function parsePacket(word: string, source: Address, cast: Cast): Packet {
  const away = /@elsewhere-?$/.test(word);
  return {
    source,
    destination: away ? cast.elsewhere : cast.here,
    destined: away ? "elsewhere" : "here",
    interface: cast.interface,
    content: parseCarried(word, cast) ?? parseCandidate(word) ?? parseContent(word),
  };
}

function parseContent(word: string): Packet["content"] {
  const match = PACKET.exec(word);
  if (match === null) throw new Error(`parseContent: ${word} is no packet`);
  const [, protocol = "", number = "", connection = "1", sequence, flags] = match;
  const sourcePort = 40000 + Number(connection);
  const destinationPort = Number(number);
  if (protocol === "ping") return { protocol, payloadBytes: Number(number) };
  if (protocol === "udp") return { protocol, sourcePort, destinationPort };
  return {
    protocol: "tcp",
    sourcePort,
    destinationPort,
    flags: (flags ?? "syn").split("+").filter((flag) => flag !== "") as TcpFlag[],
    // Every SYN of the table is a new one unless it says otherwise.
    sequenceNumber: Number(sequence ?? destinationPort * 10 + Number(connection)),
    socket: "none",
  };
}

/** A policy of the table, with the addresses of casts put in. */
export function policyNamed(
  name: keyof typeof POLICIES,
  casts: readonly Pick<Cast, "sources" | "elsewhere">[],
): Policy {
  const trusted = casts.map(({ sources: [, second] }) => printAddress(second));
  const elsewhere = [...new Set(casts.map((cast) => printAddress(cast.elsewhere)))];
  const text = JSON.stringify(POLICIES[name], (_, value: unknown) => {
    if (value === "TRUSTED") return trusted;
    return value === "ELSEWHERE" ? elsewhere : value;
  });
  const policy = parsePolicy(text, `${name}.yaml`);
  if (!policy.ok) throw new Error(`policyNamed: ${JSON.stringify(policy.problems)}`);
  return policy.value;
}
