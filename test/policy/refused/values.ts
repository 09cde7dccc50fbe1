/** Values that are refused, each for one fault. */
import { door, keys, refused, sequence, steps, top } from "./row.ts";

const ports = [
  refused(
    "a port that does not exist",
    steps("[«80000», udp/54040]"),
    "not-a-port: write a number from 1 to 65535",
  ),
  refused("port 0", door("protects: tcp/«0»"), "not-a-port"),
  refused("port 65536", door("protects: udp/«65536»"), "not-a-port"),
  refused("a negative port", door("protects: tcp/«-22»"), "not-a-port"),
  refused(
    "a service's name",
    door("protects: tcp/«ssh»"),
    "not-a-port: write a number from 1 to 65535; service names are not looked up",
  ),
  refused("a port that begins with a zero", steps("[«010», 51000]"), "leading-zero: write 10"),
  refused(
    "a port that begins with a zero in quotes",
    steps('["tcp/«022»", 51000]'),
    "leading-zero: write 22",
  ),
  refused("a hexadecimal port", steps("[«0x16», 51000]"), "not-a-step"),
  refused("a port with an exponent", steps("[«1e3», 51000]"), "not-a-step"),
  refused("a port with an underscore", steps("[«51_000», 1]"), "not-a-step"),
  refused("a port with a fraction", steps("[«51000.0», 1]"), "not-a-step"),
  refused("a port in Arabic digits", steps("[«٢٢», 1]"), "not-a-step"),
  refused(
    "a service without a protocol",
    door("protects: «22»"),
    "not-a-service: write tcp/22 or udp/22",
  ),
  refused(
    "a service the other way round",
    door("protects: «22/udp»"),
    "not-a-service: write udp/22",
  ),
  refused("a service in capitals", door("protects: «TCP/22»"), "not-a-service: write tcp/22"),
  refused("a service that is a step", door("protects: «ping/63»"), "not-a-service"),
  refused("a service without a port", door("protects: «tcp/»"), "not-a-port"),
  refused(
    "a service of a protocol without ports",
    door("protects: «icmp»"),
    "not-a-service: only TCP and UDP are supported: no door can protect icmp",
  ),
  refused(
    "a range that runs backwards",
    door("protects: tcp/«6010-6000»"),
    "backwards-range: write 6000-6010",
  ),
  refused(
    "a range of which both ends are wrong",
    door("protects: tcp/«0»-«70000»"),
    "not-a-port",
    "not-a-port",
  ),
  refused(
    "a range with spaces in it",
    door("protects: tcp/«6000 »-« 6010»"),
    "not-a-port",
    "not-a-port",
  ),
  refused("a range with three ends", door("protects: tcp/1-«2-3»"), "not-a-port"),
  refused(
    "a watch of one port",
    sequence("steps: [1]\nwatch: «51000»"),
    "not-a-range: write the lowest and the highest port, such as 51000-51000",
  ),
  refused(
    "a watch with a colon",
    sequence("steps: [1]\nwatch: «51000:55000»"),
    "not-a-range: write 51000-55000",
  ),
  refused(
    "a watch with a protocol",
    sequence("steps: [1]\nwatch: «tcp/5-6»"),
    "not-a-range: write 5-6",
  ),
  refused(
    "a watch that runs backwards",
    sequence("steps: [1]\nwatch: «2-1»"),
    "backwards-range: write 1-2",
  ),
];

const stepRows = [
  refused("a step that is a range", steps("[«tcp/1-2»]"), "not-a-step: write one of its ports"),
  refused("a step as knockd writes it", steps("[«7000:udp», 1]"), "not-a-step: write udp/7000"),
  refused("a step with a name", steps("[«http», 1]"), "not-a-step"),
  refused(
    "a ping by its protocol's name",
    steps("[«icmp/63»]"),
    "not-a-step: write ping/LENGTH, such as ping/63",
  ),
  refused(
    "a ping without a length",
    steps("[«ping»]"),
    "not-a-step: write ping/LENGTH, such as ping/63",
  ),
  refused(
    "a ping that may arrive in fragments",
    steps("[ping/«1233»]"),
    "not-a-ping-length: write a number from 0 to 1232, as much as every IPv6 network carries in one packet",
  ),
  refused("a ping whose length is no number", steps("[ping/«x»]"), "not-a-ping-length"),
  refused("an empty list of steps", steps("«[]»"), "empty-list"),
  refused(
    "17 steps",
    steps("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,«17»]"),
    "long-list: remove this one and all that follow",
  ),
  refused(
    "one step that is no list",
    steps("«51001»"),
    "wrong-kind: write a list of 1 to 16 steps: [51001]",
  ),
  refused(
    "steps that are a mapping",
    steps("«{ tcp: 22 }»"),
    "wrong-kind: write a list of 1 to 16 steps",
  ),
  refused("a list in a list", steps("[«[1, 2]», 3]"), "wrong-kind"),
  refused(
    "steps without commas",
    steps("[«51001 udp/54040»]"),
    "several-values: write commas between them, and brackets around all: [51001, udp/54040]",
  ),
  refused("an item that nothing stands in", sequence("steps:\n  - 1\n  «-»\n  - 2"), "no-value"),
];

const durations = [
  refused(
    "a bare number",
    keys("open-for: «10»"),
    "missing-unit: write 10s, or 10m or 10h if that is what you mean",
  ),
  refused("a bare number in quotes", keys('open-for: «"10"»'), "missing-unit"),
  refused(
    "a bare number that begins with a zero",
    keys("open-for: «010»"),
    "missing-unit: write 10s, or 10m or 10h if that is what you mean",
  ),
  refused(
    "a duration that begins with a zero",
    keys("open-for: «010s»"),
    "leading-zero: write 10s",
  ),
  refused("no time at all", keys("open-for: «0s»"), "too-short: write 1s or more"),
  refused("more than a day", keys("open-for: «25h»"), "too-long: write 24h or less"),
  refused("more seconds than a number holds", keys(`open-for: «${"9".repeat(400)}s»`), "too-long"),
  refused("a day", keys("open-for: «1d»"), "not-a-duration: write 24h"),
  refused(
    "two days",
    keys("open-for: «2d»"),
    "not-a-duration: write a whole number and s, m or h, from 1s to 24h",
  ),
  refused("two units", keys("open-for: «1h30m»"), "not-a-duration: write 90m"),
  refused("a unit written out", keys("open-for: «10 seconds»"), "not-a-duration: write 10s"),
  refused("a unit in capitals", keys("open-for: «2M»"), "not-a-duration: write 2m"),
  refused(
    "milliseconds",
    keys("open-for: «500ms»"),
    "not-a-duration: write a whole number and s, m or h, from 1s to 24h",
  ),
  refused("a fraction", keys("open-for: «1.5h»"), "not-a-duration"),
  refused(
    "minutes and seconds, which YAML reads in base 60",
    keys("open-for: «10:20»"),
    "not-a-duration",
  ),
  refused("a word", keys("open-for: «forever»"), "not-a-duration"),
  refused(
    "nothing",
    keys("«open-for»:"),
    "no-value: write a duration from 1s to 24h, such as 10s, 2m or 1h, or leave out `open-for`",
  ),
  refused("null", keys("«open-for»: null"), "no-value"),
  refused("a tilde", keys("«open-for»: ~"), "no-value"),
  refused("an empty text", keys('open-for: «""»'), "not-a-duration"),
  refused("a list", keys("open-for: «[10s]»"), "wrong-kind"),
];

const addresses = [
  refused(
    "an address whose bytes begin with a zero",
    top("trusted: [«010.1.1.1»]"),
    "leading-zero: write 10.1.1.1",
  ),
  refused(
    "a prefix length that begins with a zero",
    top("trusted: [«10.0.0.0/08»]"),
    "leading-zero: write 10.0.0.0/8",
  ),
  refused(
    "a prefix with host bits",
    top("trusted: [«10.0.0.1/24»]"),
    "host-bits: write 10.0.0.0/24, or 10.0.0.1 for the one address",
  ),
  refused(
    "an IPv6 prefix with host bits",
    top("trusted: [«2001:db8::1/64»]"),
    "host-bits: write 2001:db8::/64, or 2001:db8::1 for the one address",
  ),
  refused(
    "an IPv6 zone",
    top('trusted: ["«fe80::1%eth0»"]'.replace('"«', '«"').replace('»"', '"»')),
    'zone: leave out "%eth0"; the key `interfaces` says where the gate looks',
  ),
  refused(
    "a length that IPv4 does not have",
    top("trusted: [«10.0.0.0/33»]"),
    "not-a-prefix-length: write a length from 0 to 32 after the slash",
  ),
  refused(
    "a length that IPv6 does not have",
    top("trusted: [«2001:db8::/129»]"),
    "not-a-prefix-length",
  ),
  refused("a netmask", top("trusted: [«10.0.0.0/255.0.0.0»]"), "not-an-address"),
  refused("two lengths", top("trusted: [«10.0.0.0/8/9»]"), "not-an-address"),
  refused("three bytes", top("trusted: [«10.0.0»]"), "not-an-address"),
  refused("one number", top("trusted: [«167772160»]"), "not-an-address"),
  refused("a byte that is none", top("trusted: [«10.0.0.256»]"), "not-an-address"),
  refused("a range of addresses", top("trusted: [«10.0.0.1-10.0.0.9»]"), "not-an-address"),
  refused("a host name", top("trusted: [«example.org»]"), "not-an-address"),
  refused(
    "an IPv4 address as programs write it in IPv6",
    top("trusted: [«::ffff:192.0.2.7»]"),
    "mapped-address: write 192.0.2.7",
  ),
  refused(
    "every IPv4 address as programs write them in IPv6",
    keys('destinations: [«"::ffff:0:0/96"»]'),
    "mapped-address: write 0.0.0.0/0",
  ),
  refused(
    "an IPv4 prefix as programs write it in IPv6",
    top("trusted: [«::ffff:192.0.2.0/120»]"),
    "mapped-address: write 192.0.2.0/24",
  ),
  refused("everybody over IPv4", top("trusted: [«0.0.0.0/0»]"), "trusts-everybody"),
  refused("everybody over IPv6", top('trusted: [«"::/0"»]'), "trusts-everybody"),
  refused(
    "the same address twice",
    top("trusted: [10.0.0.1, «10.0.0.1/32»]"),
    "repeated-item: remove one of the two",
  ),
  refused(
    "an address in a prefix of the same list",
    top("trusted: [«10.0.0.1», 10.0.0.0/24]"),
    "repeated-item",
  ),
  refused(
    "a prefix in a prefix of the same list",
    keys("destinations: [2001:db8::/32, «2001:db8:7::/48»]"),
    "repeated-item",
  ),
  refused(
    "an address that ends with a colon, which YAML takes for a key",
    top("trusted: [«2001:db8::»]"),
    'turned-by-yaml: put it in quotes: "2001:db8::"',
  ),
  refused(
    "an address that YAML reads in base 60",
    top("trusted: [«10:20:30:40:50:10:20:30»]"),
    'turned-by-yaml: put it in quotes: "10:20:30:40:50:10:20:30"',
  ),
  refused(
    "nobody, told by an empty list",
    top("trusted: «[]»"),
    "empty-list: write a list of addresses or prefixes, or leave out the key",
  ),
  refused(
    "one address that is no list",
    top("trusted: «10.0.0.1»"),
    "wrong-kind: write a list of addresses or prefixes: [10.0.0.1]",
  ),
];

const wordsAndNumbers = [
  refused("yes", top("log: «yes»"), "not-a-boolean: write true"),
  refused("off", top("log: «Off»"), "not-a-boolean: write false"),
  refused("true with a capital", top("log: «True»"), "not-a-boolean: write true"),
  refused("true in quotes", top('log: «"true"»'), "not-a-boolean: write true without quotes"),
  refused("1 for true", top("log: «1»"), "not-a-boolean: write true or false"),
  refused(
    "a word that is nearly known",
    top("backend: «nftable»"),
    "unknown-word: did you mean nftables? write auto, nftables or iptables",
  ),
  refused(
    "a word that is not known",
    keys("refuse: «tarpit»"),
    "unknown-word: write drop or reset",
  ),
  refused("a hexadecimal number", top("ipv6-prefix: «0x40»"), "not-a-number"),
  refused("an octal number", top("ipv6-prefix: «0o100»"), "not-a-number"),
  refused("a number that begins with a zero", top("ipv6-prefix: «064»"), "leading-zero: write 64"),
  refused("a number with a sign", top("ipv6-prefix: «+64»"), "not-a-number"),
  refused("a number with a fraction", top("ipv6-prefix: «64.0»"), "not-a-number"),
  refused(
    "a number in quotes",
    top('ipv6-prefix: «"64"»'),
    "quoted-number: write 64 without quotes",
  ),
  refused(
    "a number below its range",
    top("ipv6-prefix: «47»"),
    "not-a-number: write a number from 48 to 128",
  ),
  refused("a number above its range", top("ipv6-prefix: «129»"), "not-a-number"),
  refused(
    "a ban after 0 wrong steps",
    top("ban: { after: «0», within: 1m, for: 1h }"),
    "not-a-number: write a number from 1 to 1000",
  ),
  refused(
    "a ban after 1001 wrong steps",
    top("ban: { after: «1001», within: 1m, for: 1h }"),
    "not-a-number",
  ),
];

const names = [
  refused("a door's name in capitals", "doors:\n  «SSH»: { protects: tcp/22 }", "not-a-door-name"),
  refused(
    "a door's name that begins with a digit",
    "doors:\n  «2nd»: { protects: tcp/22 }",
    "not-a-door-name",
  ),
  refused(
    "a door's name that is a number",
    "doors:\n  «22»: { protects: tcp/22 }",
    "not-a-door-name",
  ),
  refused(
    "a door's name of 33 characters",
    `doors:\n  «${"a".repeat(33)}»: { protects: tcp/22 }`,
    "not-a-door-name",
  ),
  refused("a door's name that is empty", 'doors:\n  «""»: { protects: tcp/22 }', "not-a-door-name"),
  refused(
    "a door's name that YAML turns into false",
    "doors:\n  «no»: { protects: tcp/22 }",
    'turned-by-yaml: put it in quotes: "no"',
  ),
  refused(
    "a door's name that YAML turns into nothing",
    "doors:\n  «null»: { protects: tcp/22 }",
    "no-value",
  ),
];

export const values = { ports, steps: stepRows, durations, addresses, wordsAndNumbers, names };
