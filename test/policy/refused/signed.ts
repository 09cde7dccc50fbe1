/** Policies that are refused for their signed knocks. */
import { door, keys, refused } from "./row.ts";

/** A door that signed knocks open, with these keys besides. */
function signed(more: string): string {
  return keys(`signed: { carriers: [ping], ${more} }`);
}

/** The same, with these carriers. */
function carriedBy(list: string): string {
  return keys(`signed: { carriers: ${list} }`);
}

const carrierRows = [
  refused(
    "a carrier that has no room for one",
    carriedBy("[ping, «dns/53», «http/80», «tls/443»]"),
    "not-a-carrier: write ping or udp/PORT",
    "not-a-carrier: write ping or udp/PORT",
    "not-a-carrier: write ping or udp/PORT",
  ),
  refused(
    "a carrier that nobody knows",
    carriedBy("[«quic/443»]"),
    "not-a-carrier: write ping or udp/PORT",
  ),
  refused("a ping by the name of its protocol", carriedBy("[«icmp»]"), "not-a-carrier: write ping"),
  refused("a ping with a length", carriedBy("[«ping/63»]"), "not-a-carrier: write ping"),
  refused(
    "a carrier without a port",
    carriedBy("[«udp»]"),
    "not-a-carrier: write udp/PORT, such as udp/62201",
  ),
  refused("a carrier to a port that does not exist", carriedBy("[udp/«70000»]"), "not-a-port"),
  refused(
    "a carrier that is there twice",
    carriedBy("[ping, udp/53, «udp/53»]"),
    "repeated-item: remove one of the two",
  ),
  refused("no carrier", carriedBy("«[]»"), "empty-list"),
  refused("signed knocks without carriers", keys("signed: «{ bound: true }»"), "missing-key"),
  refused(
    "a carrier to a port that its door protects",
    door("protects: udp/500-510\nsigned: { carriers: [ping, «udp/505»] }"),
    "protected-carrier: choose a port that no door protects",
  ),
  refused(
    "a carrier to a port that another door protects, for tokens and for signed knocks",
    "doors:\n  a: { protects: udp/53 }\n  b: { protects: tcp/1, token: { carriers: [«udp/53»] }, signed: { carriers: [«udp/53»] } }",
    "protected-carrier",
    "protected-carrier",
  ),
];

const whoRows = [
  refused(
    "signers in a path that does not begin at the root",
    signed("signers: «allowed_signers»"),
    "not-a-path: write the path from the root on",
  ),
  refused(
    "signers in the folder of somebody",
    signed("signers: «~/.ssh/allowed_signers»"),
    "not-a-path: write the path from the root on",
  ),
  refused(
    "signers that are a folder",
    signed("signers: «/etc/postern/»"),
    "not-a-path: write the path of a file",
  ),
  refused(
    "signers with a line break in their path",
    signed('signers: «"/etc/a\\nb"»'),
    "not-a-path: write at most 4095 characters that print",
  ),
  refused("several files of signers", signed("signers: «[/a, /b]»"), "wrong-kind"),
  refused(
    "a client that is a pattern",
    signed('clients: [alice, «"*@example.org"»]'),
    "not-a-principal: name each of them",
  ),
  refused(
    "a client with a slash",
    signed("clients: [«alice/phone»]"),
    "not-a-principal: write 1 to 64 of A-Z, a-z, 0-9 and . _ @ + -, beginning with a letter or a digit, such as alice@example.org",
  ),
  refused("several clients in one", signed("clients: [«alice bob»]"), "several-values"),
  refused(
    "a client whose name has 65 letters",
    signed(`clients: [«${"a".repeat(65)}»]`),
    "not-a-principal",
  ),
  refused(
    "a client that is there twice",
    signed("clients: [alice, bob, «alice»]"),
    "repeated-item",
  ),
  refused("a door for nobody", signed("clients: «[]»"), "empty-list"),
  refused("a source with host bits", signed("from: [«203.0.113.7/24»]"), "host-bits"),
  refused("a door from nowhere", signed("from: «[]»"), "empty-list"),
  refused("bound as another word", signed("bound: «yes»"), "not-a-boolean: write true"),
];

const placeRows = [
  refused(
    "a key of `signed` in the door",
    keys("«signers»: /etc/signers"),
    "unknown-key: move it into `signed`",
  ),
  refused("a key that only a token has", signed("«lookahead»: 2h"), "unknown-key"),
  refused(
    "a key of the door in `signed`",
    signed("«open-for»: 5s"),
    "unknown-key: move it out of `signed`, into the door",
  ),
];

export const signedKnocks = {
  carriersOfSigned: carrierRows,
  whoSigns: whoRows,
  placesOfSigned: placeRows,
};
