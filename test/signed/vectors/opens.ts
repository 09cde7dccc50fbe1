/** Good knocks: every type of key, and every edge of what is taken. */
import type { Plan } from "./plan.ts";

const V4 = "192.0.2.7";
const V6 = "2001:db8:a07b:1::7";
const DOOR = ["door ssh", "carriers ping"];

export const OPENS: Readonly<Record<string, Plan>> = {
  "ed25519-ping-none": {
    note: "the simplest: Ed25519, by ping, for the packet's source",
    result: "opens ana",
  },
  "ed25519-ping-ipv4": { note: "for an IPv4 address", result: "opens ana", address: V4 },
  "ed25519-udp-ipv6": {
    note: "for an IPv6 address, by UDP",
    result: "opens ana",
    address: V6,
    source: V6,
    carrier: "udp/62201",
    topBit: true,
  },
  "ed25519-sha256": { note: "hashed with SHA-256", result: "opens ana", hash: 1 },
  "ecdsa256-ping-ipv6": {
    note: "ECDSA on P-256",
    result: "opens ana",
    key: "ecdsa256",
    address: V6,
    source: V6,
  },
  "ecdsa384-udp-ipv4": {
    note: "ECDSA on P-384",
    result: "opens ana",
    key: "ecdsa384",
    address: V4,
    carrier: "udp/62201",
  },
  "ecdsa521-ping-none": {
    note: "ECDSA on P-521",
    result: "opens ana",
    key: "ecdsa521",
    topBit: true,
  },
  "rsa2048-udp-ipv4": {
    note: "RSA of 2048 bits, rsa-sha2-512",
    result: "opens ana",
    key: "rsa2048",
    address: V4,
    carrier: "udp/62201",
  },
  "rsa2048-rsa-sha2-256": {
    note: "RSA of 2048 bits, rsa-sha2-256",
    result: "opens ana",
    key: "rsa2048",
    signing: { format: "rsa-sha2-256" },
  },
  "rsa8192-ping-ipv6": {
    note: "RSA of 8192 bits: the longest payload, 1208 bytes",
    result: "opens ana",
    key: "rsa8192",
    address: V6,
    source: V6,
  },
  "sk-ed25519-ping-ipv4": {
    note: "Ed25519 in hardware",
    result: "opens ana",
    key: "sk-ed25519",
    address: V4,
  },
  "sk-ed25519-verified": {
    note: "Ed25519 in hardware that asked for a PIN: flags 5",
    result: "opens ana",
    key: "sk-ed25519",
    signing: { flags: 5, counter: 0xffffffff },
  },
  "sk-ecdsa256-udp-ipv6": {
    note: "ECDSA in hardware",
    result: "opens ana",
    key: "sk-ecdsa256",
    address: V6,
    source: V6,
    carrier: "udp/62201",
  },
  "tag-7-slots-old": {
    note: "the tag of the earliest slot that is taken",
    result: "opens ana",
    slots: -7,
  },
  "tag-7-slots-new": {
    note: "the tag of the latest slot that is taken",
    result: "opens ana",
    slots: 7,
  },
  "time-60-seconds-old": { note: "as early as can be", result: "opens ana", lateMs: -60_000 },
  "time-60-seconds-new": { note: "as late as can be", result: "opens ana", lateMs: 60_000 },
  "door-of-32-characters": {
    note: "the longest name of a door",
    result: "opens ana",
    door: "a-door-of-thirty-two-characters1",
    server: ["door a-door-of-thirty-two-characters1", "carriers ping", "signers ana KEY"],
  },
  "signer-in-its-last-second": {
    note: "valid-before is the present second",
    result: "opens ana",
    server: [...DOOR, 'signers ana valid-before="20251124160000Z" KEY'],
  },
  "signer-in-its-first-second": {
    note: "valid-after is the present second",
    result: "opens ana",
    server: [...DOOR, 'signers ana valid-after="20251124160000Z" KEY'],
  },
  "signer-in-two-lines": {
    note: "the key's first line has expired, its second has not",
    result: "opens bob",
    server: [...DOOR, 'signers ana valid-before="20200101Z" KEY', "signers bob KEY"],
  },
  "namespaces-by-pattern": {
    note: "the line is for knocks among others",
    result: "opens ana",
    server: [...DOOR, 'signers ana namespaces="git,postern-*" KEY'],
  },
  "clients-second-name": {
    note: "the client is the first of the door's that the line is for",
    result: "opens bob",
    server: [...DOOR, "clients dora bob ana", "signers ana,b* KEY"],
  },
  "bound-and-from": {
    note: "the door wants an address, and one of a network",
    result: "opens ana",
    address: V4,
    server: [...DOOR, "bound true", "from 198.51.100.0/24 192.0.2.0/24", "signers ana KEY"],
  },
};
