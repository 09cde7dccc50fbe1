/**
 * Every key of a policy: the one table from which come the parser, the JSON Schema and the
 * reference in docs/policy.md.
 */
import { printCarrier } from "./carriers.ts";
import { checkCover } from "./cover.ts";
import { checkInterfaces } from "./interfaces.ts";
import {
  carrier,
  doorName,
  duration,
  filePath,
  interfaceEntry,
  portRange,
  prefix,
  principal,
  service,
  signedCarrier,
  step,
  trustedPrefix,
} from "./notations.ts";
import type { Seconds } from "./policy.ts";
import { listOf, oneOrMore } from "./shape/list.ts";
import { named } from "./shape/named.ts";
import { type Absent, type FieldsOf, record } from "./shape/record.ts";
import { boolean, choice, wholeNumber } from "./shape/scalar.ts";
import { printSeconds } from "./value/seconds.ts";

const required = { kind: "refused" } as const;

/** Networks give each customer at least a /64, and every address in it. */
export const BAN_IPV6_PREFIX = 64;

export const BAN = record(
  {
    name: "a `ban`",
    wanted: "`after`, `within` and `for`, such as { after: 5, within: 1m, for: 1h }",
  },
  {
    after: {
      shape: wholeNumber(1, 1000),
      meaning: "how many wrong steps bring a ban; on iptables at most 255",
      example: 5,
      absent: required,
    },
    within: {
      shape: duration,
      meaning: "the time within which they are counted together",
      example: "1m",
      absent: required,
    },
    for: {
      shape: duration,
      meaning: "how long every door then stays shut to their source",
      example: "1h",
      absent: required,
    },
    "ipv6-prefix": {
      shape: wholeNumber(48, 128),
      meaning:
        "IPv6 sources that share so many bits are banned together, by wrong steps and by `postern ban`, and their wrong steps count together. A ban covers at least one source: where `ipv6-prefix` of the policy is less, that counts",
      example: 56,
      absent: { kind: "default", value: BAN_IPV6_PREFIX, written: BAN_IPV6_PREFIX },
    },
  },
);

export const SEQUENCE = record(
  {
    name: "a `sequence`",
    wanted: "`steps:` with a list of them, indented, on the next line",
    elsewhere: { "open-for": "out of `sequence`, into the door" },
  },
  {
    steps: {
      shape: listOf(step, { of: "steps", most: 16 }),
      meaning:
        "the packets that open the door, in order. `tcp/PORT` and `udp/PORT` are a packet to that port, `PORT` is either of them, and `ping/LENGTH` is an echo request with so many bytes (`ping -s LENGTH`). A port that a door protects cannot be a step",
      example: [21001, "udp/24040", "tcp/22777", "ping/63"],
      absent: required,
    },
    within: {
      shape: duration,
      meaning: "the longest pause between two steps",
      example: "10s",
      absent: seconds(10),
    },
    watch: {
      shape: portRange,
      meaning:
        "the ports in which any packet that is not a step of the attempt starts the knocker over. The wider it is, the less can a scan hit the steps by chance",
      example: "21000-25000",
      absent: {
        kind: "described",
        value: undefined,
        words: "from the lowest to the highest port of the steps",
      },
    },
  },
);

export const TOKEN = record(
  {
    name: "a `token`",
    wanted: "`carriers:` with a list of them, indented, on the next line",
    elsewhere: { "open-for": "out of `token`, into the door" },
  },
  {
    carriers: {
      shape: listOf(carrier, { of: "carriers", most: 16, print: printCarrier }),
      meaning:
        "the packets that may carry a token, the first to try first. `ping` is an echo request, `udp/PORT` a datagram, `dns/PORT` a DNS query, `http/PORT` a web request, and `tls/PORT` the hello of a TLS connection. For `http` and `tls` a server has to listen on the port; the others need none",
      example: ["ping", "udp/62201", "http/80"],
      absent: required,
    },
    lookahead: {
      shape: duration,
      meaning:
        "how far ahead of the present the kernel holds tokens: for so long knocks work though nothing tops them up",
      example: "2h",
      absent: seconds(7200),
    },
    late: {
      shape: duration,
      meaning:
        "how long after the ten seconds that it is for a token still opens: by so much a client's clock may be slow, and its packet under way",
      example: "60s",
      absent: seconds(60),
    },
    clients: {
      shape: wholeNumber(1, 10_000),
      meaning:
        "for how many clients the kernel has room. More take more memory: a token about 300 bytes, and each client has 360 an hour of `lookahead` for each carrier",
      example: 64,
      absent: { kind: "default", value: 64, written: 64 },
    },
  },
);

export const SIGNED = record(
  {
    name: "a `signed`",
    wanted: "`carriers:` with a list of them, indented, on the next line",
    elsewhere: { "open-for": "out of `signed`, into the door" },
  },
  {
    carriers: {
      shape: listOf(signedCarrier, { of: "carriers", most: 16, print: printCarrier }),
      meaning:
        "the packets that may carry a signed knock, the first to try first. `ping` is an echo request, and `udp/PORT` a datagram; nothing has to listen on the port. A `token` of the door may have the same",
      example: ["ping", "udp/62201"],
      absent: required,
    },
    signers: {
      shape: filePath,
      meaning:
        "the file that says who may sign, with which SSH key: OpenSSH's `allowed_signers` (`man ssh-keygen`)",
      example: "/etc/postern/allowed_signers",
      absent: {
        kind: "described",
        value: undefined,
        words: "`allowed_signers` beside the policy of this host",
      },
    },
    clients: {
      shape: listOf(principal, { of: "principals", print: String }),
      meaning: "those of the file who may open the door, as it names them",
      example: ["alice", "bob@example.org"],
      absent: { kind: "described", value: undefined, words: "everybody in the file" },
    },
    from: {
      shape: listOf(prefix, { of: "addresses or prefixes", check: checkCover }),
      meaning: "the sources that the door opens for, whoever has signed",
      example: ["203.0.113.0/24", "2001:db8::/48"],
      absent: { kind: "described", value: [], words: "any" },
    },
    bound: {
      shape: boolean,
      meaning:
        "whether a knock opens only that names the address which it is for. Then nobody can stop one and send it on from elsewhere; but who is behind NAT has to know the address that the host sees",
      example: true,
      absent: { kind: "default", value: false, written: false },
    },
  },
);

const TOP = "out of the door, to the left margin";

/** Keys of `signed` that nothing else has. */
const SIGNED_ALONE = ["signers", "from", "bound"] as const satisfies (keyof typeof SIGNED.keys)[];

export const DOOR = record(
  {
    name: "a door",
    wanted: "`protects: tcp/22` and other keys of a door, indented, on the next lines",
    elsewhere: {
      ...Object.fromEntries(Object.keys(SEQUENCE.keys).map((key) => [key, "into `sequence`"])),
      ...Object.fromEntries(Object.keys(TOKEN.keys).map((key) => [key, "into `token`"])),
      ...Object.fromEntries(SIGNED_ALONE.map((key) => [key, "into `signed`"])),
      ...Object.fromEntries(
        ["backend", "interfaces", "trusted", "ipv6-prefix", "log", "ban"].map((key) => [key, TOP]),
      ),
    },
  },
  {
    protects: {
      shape: oneOrMore(service, { of: "services" }),
      meaning:
        "what stays shut, one service or a list. Two doors cannot protect the same port unless their `destinations` have no address in common",
      example: "tcp/22",
      absent: required,
    },
    "open-for": {
      shape: duration,
      meaning:
        "how long after the knock its source may start connections. Those that it started go on for as long as they like",
      example: "30s",
      absent: seconds(10),
    },
    "single-use": {
      shape: boolean,
      meaning: "whether the first connection closes the door behind itself",
      example: true,
      absent: { kind: "default", value: false, written: false },
    },
    refuse: {
      shape: choice(["drop", "reset"]),
      meaning:
        "what the shut door answers. `drop`: nothing, so that it looks filtered. `reset`: what a port answers on which nothing listens, so that it looks closed; iptables cannot",
      example: "reset",
      absent: { kind: "default", value: "drop", written: "drop" },
    },
    destinations: {
      shape: listOf(prefix, { of: "addresses or prefixes", check: checkCover }),
      meaning:
        "the addresses that the door is in front of, where it is not all of this host's: some of them, or hosts that this one forwards to",
      example: ["203.0.113.7"],
      absent: { kind: "described", value: [], words: "every address of this host" },
    },
    "session-idle": {
      shape: duration,
      meaning:
        "how long a UDP session stays open while nothing is sent; TCP connections have no such end",
      example: "5m",
      absent: seconds(120),
    },
    sequence: {
      shape: SEQUENCE,
      meaning: "the knock that opens the door",
      example: { steps: [21001, "udp/24040", "tcp/22777"] },
      absent: {
        kind: "described",
        value: undefined,
        words: "without `token` and `signed` only `postern open` opens the door, and trust",
      },
    },
    token: {
      shape: TOKEN,
      meaning:
        "opens the door to clients with one-time tokens, which the kernel spends; not on iptables. `postern key add` makes a client's key",
      example: { carriers: ["ping", "udp/62201"] },
      absent: { kind: "described", value: undefined, words: "no tokens" },
    },
    signed: {
      shape: SIGNED,
      meaning:
        "opens the door to whoever signs the knock with an SSH key that the host knows; `postern agent` has to run, which looks at the signature. Not on iptables",
      example: { carriers: ["ping", "udp/62201"] },
      absent: { kind: "described", value: undefined, words: "no signed knocks" },
    },
  },
);

export const POLICY = record(
  {
    name: "a policy",
    wanted: "`doors:` and, indented on the next lines, the name of a door and its keys",
    elsewhere: {
      ...Object.fromEntries(
        Object.keys(DOOR.keys).map((key) => [key, "into a door, under its name under `doors`"]),
      ),
      steps: "into the `sequence` of a door",
      watch: "into the `sequence` of a door",
    },
  },
  {
    backend: {
      shape: choice(["auto", "nftables", "iptables"]),
      meaning:
        "which of the kernel's firewalls follows the knocks. `auto` is nftables where it works, and iptables where it does not",
      example: "nftables",
      absent: { kind: "default", value: "auto", written: "auto" },
    },
    interfaces: {
      shape: listOf(interfaceEntry, { of: "interface names or patterns", check: checkInterfaces }),
      meaning:
        'the interfaces that the gate covers; a packet that comes in by another one passes. `"ppp*"` covers every interface whose name begins with `ppp`. `"!lan0"` leaves one out, and a list of nothing but those covers every other interface but loopback. A name has 1 to 15 letters, digits and `. _ @ : -`',
      example: ["eth0", "ppp*", "!lan0"],
      absent: { kind: "described", value: [], words: "every interface but loopback" },
    },
    trusted: {
      shape: listOf(trustedPrefix, { of: "addresses or prefixes", check: checkCover }),
      meaning: "sources that never need to knock, nor can be banned",
      example: ["10.0.0.0/24", "2001:db8:a07b:1::/64"],
      absent: { kind: "described", value: [], words: "nobody" },
    },
    "ipv6-prefix": {
      shape: wholeNumber(48, 128),
      meaning:
        "IPv6 sources that share so many bits are one knocker. 64 where networks give a host a new address for each connection",
      example: 64,
      absent: { kind: "default", value: 128, written: 128 },
    },
    log: {
      shape: boolean,
      meaning:
        "whether openings, refusals, wrong steps and automatic bans are written to the kernel log, at most five lines a second of each",
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
        wanted: "the name of each door and, indented under it, its keys",
        mark: "protects",
      }),
      meaning:
        "the doors, each under a name that you choose: 1 to 32 of a-z, 0-9 and -, beginning with a letter",
      example: {
        ssh: { protects: "tcp/22", sequence: { steps: [21001, "udp/24040", "tcp/22777"] } },
      },
      absent: required,
    },
  },
);

export type PolicyFields = FieldsOf<(typeof POLICY)["keys"]>;
export type DoorFields = FieldsOf<(typeof DOOR)["keys"]>;
export type SequenceFields = FieldsOf<(typeof SEQUENCE)["keys"]>;
export type TokenFields = FieldsOf<(typeof TOKEN)["keys"]>;
export type SignedFields = FieldsOf<(typeof SIGNED)["keys"]>;
export type BanFields = FieldsOf<(typeof BAN)["keys"]>;

/** A default duration, and as a person would write it. */
function seconds(value: number): Absent<Seconds> {
  return { kind: "default", value: value as Seconds, written: printSeconds(value) };
}
