/**
 * The lines of `nft monitor`, read back. They are text for people, so each is taken apart by one
 * strict pattern; what is of no such form is no line of a trace.
 */
import { ANSWER_AS_CLOSED } from "../../backend/nftables/names.ts";
import type { Role } from "../../program/index.ts";
import type { Link, Saying } from "./link.ts";

/** A line of a packet's trace. */
export interface TraceLine {
  /** Tells packets apart that are under way at one time; later ones may have it again. */
  readonly id: string;
  /** With its family: `inet postern`. */
  readonly table: string;
  readonly chain: string;
  readonly tells: /** A table begins to look at the packet. */
    | { readonly kind: "packet"; readonly packet: TracedPacket }
    | { readonly kind: "link"; readonly link: Link; readonly rule: string }
    /** The end of a base chain. */
    | { readonly kind: "policy"; readonly verdict: string };
}

export interface TracedPacket {
  readonly protocol: string;
  /** Undefined where the protocol has none, or a fragment does not hold it. */
  readonly port: number | undefined;
  readonly sourcePort: number | undefined;
  /** Of TCP; undefined where a fragment does not hold them. */
  readonly flags: readonly string[] | undefined;
  /** Of an echo request. */
  readonly payloadBytes: number | undefined;
  /** The destination. */
  readonly to: string | undefined;
}

const LINE =
  /^trace id (?<id>[0-9a-f]{1,8}) (?<family>[a-z0-9]+) (?<table>[\w/.-]+) (?<chain>[\w/.-]+) (?<what>packet: |rule |unknown rule handle |policy )(?<rest>.*?) ?$/;
const WITH_VERDICT = /^(?<rule>.*) ?\(verdict (?<verdict>[a-z]+)(?: (?<target>[\w/.-]+))?\)$/;

/** @param roles what the sets of the gate stand for, by their names. */
export function parseTraceLine(
  line: string,
  roles: ReadonlyMap<string, Role["kind"]>,
): TraceLine | undefined {
  const { id = "", family, table, chain = "", what, rest = "" } = LINE.exec(line)?.groups ?? {};
  if (what === undefined) return undefined;
  const tells = tellingOf(what, rest, chain, roles);
  return tells === undefined ? undefined : { id, table: `${family} ${table}`, chain, tells };
}

function tellingOf(
  what: string,
  rest: string,
  chain: string,
  roles: ReadonlyMap<string, Role["kind"]>,
): TraceLine["tells"] | undefined {
  if (what === "packet: ") return { kind: "packet", packet: parsePacket(rest) };
  if (what === "policy ") return { kind: "policy", verdict: rest };
  const { rule = "", verdict = "", target = "" } = WITH_VERDICT.exec(rest)?.groups ?? {};
  if (!isVerdict(verdict)) return undefined;
  const says = what === "rule " ? parseSaying(rule, roles) : undefined;
  return { kind: "link", rule, link: { chain, verdict, target, says } };
}

function isVerdict(word: string): word is Link["verdict"] {
  return /^(continue|accept|drop|return|jump|goto)$/.test(word);
}

/** `update @ssh_stage1_4 { ip saddr timeout 10s }`; `@th,0,64` names no set. */
function parseSaying(rule: string, roles: ReadonlyMap<string, Role["kind"]>): Saying {
  const names = [...rule.matchAll(/@([\w/.-]+)(?![\w,/.-])/g)].map(([, name = ""]) => name);
  return {
    of: names.map((name) => roles.get(name)).find((role) => role !== undefined),
    seconds: parseTime(/.* timeout (\w+)[ }]/.exec(rule)?.[1] ?? ""),
    forgets: /(^| )delete @/.test(rule),
    answers: rule.trimEnd().endsWith(` goto ${ANSWER_AS_CLOSED}`),
  };
}

/** `1d2h3m4s`, as nft prints times; parts of a second are left out. */
function parseTime(text: string): number | undefined {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:\d+ms)?$/.exec(text);
  if (match === null || text === "") return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((n) => Number(n ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

const IPV4_AND_ICMP_BYTES = 28;
const ICMPV6_BYTES = 8;

/** `iif "eth0" … ip saddr 192.0.2.7 ip daddr … ip protocol tcp … tcp sport 4001 tcp dport 22 …`. */
function parsePacket(text: string): TracedPacket {
  const word = (pattern: RegExp) => pattern.exec(text)?.[1];
  const number = (pattern: RegExp) => {
    const digits = word(pattern);
    return digits === undefined ? undefined : Number(digits);
  };
  const transport = word(/ (tcp|udp) sport \d/);
  const isPing = / icmp(v6)? type echo-request /.test(text);
  const ipv4Bytes = number(/ ip length (\d+)/);
  const ipv6Bytes = number(/ ip6 length (\d+)/);
  const length =
    ipv4Bytes === undefined ? (ipv6Bytes ?? 0) - ICMPV6_BYTES : ipv4Bytes - IPV4_AND_ICMP_BYTES;
  const network = word(/ ip6? (?:protocol|nexthdr) ([\w-]+)/) ?? "other";
  return {
    protocol: isPing ? "ping" : (transport ?? network),
    port: transport === undefined ? undefined : number(/ (?:tcp|udp) dport (\d+)/),
    sourcePort: transport === undefined ? undefined : number(/ (?:tcp|udp) sport (\d+)/),
    flags: transport === "tcp" ? parseFlags(word(/ tcp flags (?:== )?([\w,]+)/)) : undefined,
    payloadBytes: isPing ? length : undefined,
    to: word(/ ip6? daddr (\S+)/),
  };
}

/** Bit by bit, from the lowest. */
const FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];

/** `syn`, `psh,ack`, or a number where nft has no name for what is set together. */
function parseFlags(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  if (!text.startsWith("0x")) return text.replace("ecn", "ece").split(",");
  const bits = Number(text);
  return FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0);
}
