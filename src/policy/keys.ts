/**
 * Every key of a policy: the one table from which come the parser, the JSON Schema and the
 * reference in docs/policy.md.
 */
import { printPrefix } from "./address.ts";
import type { Seconds } from "./policy.ts";
import { listOf, oneOrMore } from "./shape/list.ts";
import { type Absent, type FieldsOf, named, record } from "./shape/record.ts";
import { boolean, choice, text, wholeNumber } from "./shape/scalar.ts";
import type { Json } from "./shape/shape.ts";
import { parseDoorName, parseInterfaceName } from "./value/name.ts";
import { parsePortRange } from "./value/port.ts";
import { parseTrusted, parseWholePrefix } from "./value/prefix.ts";
import { parseSeconds, printSeconds } from "./value/seconds.ts";
import { parseService, printService } from "./value/service.ts";
import { parseStep } from "./value/step.ts";

const PORT = "([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
const PREFIX = { type: "string", pattern: "^[\\dA-Fa-f:.]+(/\\d{1,3})?$" };

const duration = text({
  wanted: "a duration from 1s to 24h, such as 10s, 2m or 1h",
  schema: { type: "string", pattern: "^[1-9]\\d{0,4}[smh]$" },
  parse: parseSeconds,
});
const service = text({
  wanted: "tcp/PORT, udp/PORT, or a range such as tcp/6000-6010",
  schema: { type: "string", pattern: `^(tcp|udp)/${PORT}(-${PORT})?$` },
  parse: parseService,
});
const step = text({
  wanted: "PORT, tcp/PORT, udp/PORT or ping/LENGTH",
  schema: {
    anyOf: [
      { type: "integer", minimum: 1, maximum: 65535 },
      { type: "string", pattern: `^(((tcp|udp)/)?${PORT}|ping/\\d{1,4})$` },
    ],
  },
  parse: parseStep,
  takesNumbers: true,
});
const portRange = text({
  wanted: "a range of ports, such as 51000-55000",
  schema: { type: "string", pattern: `^${PORT}-${PORT}$` },
  parse: parsePortRange,
});
const prefix = text({
  wanted: "an address or a prefix, such as 192.0.2.0/24",
  schema: PREFIX,
  parse: parseWholePrefix,
});
const trusted = text({
  wanted: "an address or a prefix, such as 192.0.2.0/24",
  schema: PREFIX,
  parse: parseTrusted,
});
const interfaceName = text({
  wanted: "the name of a network interface",
  schema: { type: "string", pattern: "^[A-Za-z0-9._@:-]{1,15}$" },
  parse: parseInterfaceName,
});
const doorName = text({
  wanted: "a name of 1 to 32 of a-z, 0-9 and -, beginning with a letter",
  schema: { pattern: "^[a-z][a-z0-9-]{0,31}$" },
  parse: parseDoorName,
});

const BAN = record(
  { name: "`ban`" },
  {
    after: {
      shape: wholeNumber(1, 1000),
      meaning: "how many wrong steps bring a ban",
      example: 5,
      absent: { kind: "refused" },
    },
    within: {
      shape: duration,
      meaning: "the time in which so many wrong steps count together",
      example: "1m",
      absent: { kind: "refused" },
    },
    for: {
      shape: duration,
      meaning: "how long every door stays shut to a banned source",
      example: "1h",
      absent: { kind: "refused" },
    },
  },
);

const SEQUENCE = record(
  { name: "a `sequence`", elsewhere: { "open-for": "out of `sequence`, into the door" } },
  {
    steps: {
      shape: listOf(step, { of: "steps", most: 16 }),
      meaning: "the packets that open the door, in order",
      example: [51001, "udp/54040", "tcp/52777", "ping/63"],
      absent: { kind: "refused" },
    },
    within: {
      shape: duration,
      meaning: "the longest pause between two steps",
      example: "10s",
      absent: seconds(10),
    },
    watch: {
      shape: portRange,
      meaning: "the ports in which any packet that is not a step starts the knocker over",
      example: "51000-55000",
      absent: { kind: "described", value: undefined, words: "lowest to highest port of the steps" },
    },
  },
);

const DOOR = record(
  {
    name: "a door",
    elsewhere: {
      steps: "into `sequence`",
      within: "into `sequence`",
      watch: "into `sequence`",
      ban: "to the top of the policy, beside `doors`",
      trusted: "to the top of the policy, beside `doors`",
      interfaces: "to the top of the policy, beside `doors`",
      backend: "to the top of the policy, beside `doors`",
      log: "to the top of the policy, beside `doors`",
    },
    notYet: ["token", "signed"],
  },
  {
    protects: {
      shape: oneOrMore(service, { of: "services", print: printService }),
      meaning: "the services that stay shut",
      example: "tcp/22",
      absent: { kind: "refused" },
    },
    "open-for": {
      shape: duration,
      meaning: "how long the door stays open to whoever knocked",
      example: "10s",
      absent: seconds(10),
    },
    "single-use": {
      shape: boolean,
      meaning: "whether the first connection closes the door again",
      example: true,
      absent: { kind: "default", value: false, written: false },
    },
    refuse: {
      shape: choice(["drop", "reset"]),
      meaning:
        "what the shut door answers: `drop` nothing (looks filtered), `reset` as a port on which nothing listens (looks closed)",
      example: "reset",
      absent: { kind: "default", value: "drop", written: "drop" },
    },
    destinations: {
      shape: listOf(prefix, { of: "addresses or prefixes", print: printPrefix }),
      meaning: "the addresses behind the door, for a router or a host with several",
      example: ["203.0.113.7"],
      absent: { kind: "described", value: [], words: "every address of this host" },
    },
    "session-idle": {
      shape: duration,
      meaning: "how long a silent UDP session stays open",
      example: "2m",
      absent: seconds(120),
    },
    sequence: {
      shape: SEQUENCE,
      meaning: "the packets that open the door",
      example: { steps: [51001, "udp/54040", "tcp/52777"] },
      absent: {
        kind: "described",
        value: undefined,
        words: "nothing opens the door but `postern open` and trust",
      },
    },
  },
);

export const POLICY = record(
  {
    name: "a policy",
    elsewhere: Object.fromEntries(
      Object.keys(DOOR.keys).map((key) => [key, "into a door, under `doors`"]),
    ),
  },
  {
    backend: {
      shape: choice(["auto", "nftables", "iptables"]),
      meaning: "which firewall of the kernel follows the knocks",
      example: "nftables",
      absent: { kind: "default", value: "auto", written: "auto" },
    },
    interfaces: {
      shape: listOf(interfaceName, { of: "interface names", print: String }),
      meaning: "where the gate looks at packets",
      example: ["eth0"],
      absent: { kind: "described", value: [], words: "every interface but loopback" },
    },
    trusted: {
      shape: listOf(trusted, { of: "addresses or prefixes", print: printPrefix }),
      meaning: "sources that never need to knock",
      example: ["10.0.0.0/24", "2001:db8:a07b:1::/64"],
      absent: { kind: "described", value: [], words: "nobody" },
    },
    "ipv6-prefix": {
      shape: wholeNumber(48, 128),
      meaning: "IPv6 sources that share so many bits are one knocker",
      example: 64,
      absent: { kind: "default", value: 128, written: 128 },
    },
    log: {
      shape: boolean,
      meaning:
        "whether the kernel log gets a line, rate-limited, for each opening, refusal and wrong step",
      example: true,
      absent: { kind: "default", value: false, written: false },
    },
    ban: {
      shape: BAN,
      meaning: "shuts every door to a source that makes too many wrong steps",
      example: { after: 5, within: "1m", for: "1h" },
      absent: { kind: "described", value: undefined, words: "no automatic bans" },
    },
    doors: {
      shape: named(doorName, DOOR, {
        wanted: "the name of a door and, under it, `protects: tcp/22`",
      }),
      meaning: "the doors by their names",
      example: {
        ssh: { protects: "tcp/22", sequence: { steps: [51001, "udp/54040", "tcp/52777"] } },
      },
      absent: { kind: "refused" },
    },
  },
);

export const RECORDS = { policy: POLICY, ban: BAN, door: DOOR, sequence: SEQUENCE };

export type PolicyFields = FieldsOf<(typeof POLICY)["keys"]>;
export type DoorFields = FieldsOf<(typeof DOOR)["keys"]>;
export type SequenceFields = FieldsOf<(typeof SEQUENCE)["keys"]>;

/** A default duration, told as a person would write it. */
function seconds(value: number): Absent<Seconds> & { readonly written: Json } {
  return { kind: "default", value: value as Seconds, written: printSeconds(value) };
}
