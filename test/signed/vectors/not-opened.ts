/** Packets that do not open, or hold nothing that is a message. */
import { replaced, turned } from "./change.ts";
import { NOW, OTHER_SERVER, type Plan, tagOf } from "./plan.ts";

/** The good knock of the simplest kind; where things are in its packet. */
const AT = { tag: 0, enc: 8, ciphertext: 40 };
const ZEROS = "00".repeat(32);
const ORDER_EIGHT = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";

export const NO_PACKET: Readonly<Record<string, Plan>> = {
  "size-empty": { note: "no payload at all", result: "size", packet: () => Buffer.alloc(0) },
  "size-one-block-short": {
    note: "120 bytes: a block less than the least",
    result: "size",
    packet: (bytes) => bytes.subarray(0, 120),
  },
  "size-one-block-long": {
    note: "1272 bytes: a block more than the most",
    result: "size",
    packet: (bytes) => Buffer.concat([bytes, Buffer.alloc(1272 - bytes.length)]),
  },
  "size-one-byte-more": {
    note: "a byte behind a good knock",
    result: "size",
    packet: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
  },
  "size-one-byte-less": {
    note: "a good knock without its last byte",
    result: "size",
    packet: (bytes) => bytes.subarray(0, -1),
  },
  "tag-flipped-bit": { note: "a bit of the tag is turned", result: "tag", packet: turned(AT.tag) },
  "tag-8-slots-old": { note: "the tag of a slot that is over", result: "tag", slots: -8 },
  "tag-8-slots-new": { note: "the tag of a slot that is yet to come", result: "tag", slots: 8 },
  "tag-of-another-server": {
    note: "the whole knock is for another server, but its tag is not known here",
    result: "tag",
    sealedTo: OTHER_SERVER,
    signedFor: OTHER_SERVER,
    packet: replaced(0, "0123456789abcdef"),
  },
};

export const NOT_OPEN: Readonly<Record<string, Plan>> = {
  "sealed-to-another-key": {
    note: "the right tag, but sealed to another server",
    result: "sealed",
    sealedTo: OTHER_SERVER,
  },
  "sealed-for-another-carrier": {
    note: "sealed for UDP, and sent as a ping",
    result: "sealed",
    sealedFor: "udp/62201",
  },
  "sealed-for-another-port": {
    note: "sealed for port 62202, and sent to 62201",
    result: "sealed",
    carrier: "udp/62201",
    sealedFor: "udp/62202",
  },
  "sealed-under-another-tag": {
    note: "the tag is replaced with the next slot's",
    result: "sealed",
    packet: replaced(AT.tag, tagOf(NOW / 10_000 + 1).toString("hex")),
  },
  "sealed-enc-flipped-bit": {
    note: "a bit of enc is turned, and not its highest",
    result: "sealed",
    packet: turned(AT.enc),
  },
  "sealed-enc-zero": {
    note: "enc is all zeros, and so would be the secret",
    result: "sealed",
    packet: replaced(AT.enc, ZEROS),
  },
  "sealed-enc-zero-with-top-bit": {
    note: "enc is all zeros but for its highest bit",
    result: "sealed",
    packet: replaced(AT.enc, `${ZEROS.slice(2)}80`),
  },
  "sealed-enc-of-order-eight": {
    note: "enc is a point of small order",
    result: "sealed",
    packet: replaced(AT.enc, ORDER_EIGHT),
  },
  "sealed-ciphertext-flipped-bit": {
    note: "a bit of the ciphertext is turned",
    result: "sealed",
    packet: turned(AT.ciphertext),
  },
  "sealed-end-flipped-bit": {
    note: "the last bit is turned",
    result: "sealed",
    packet: turned(-1),
  },
};

export const MALFORMED: Readonly<Record<string, Plan>> = {
  "version-0": { note: "version 0", result: "version", version: 0 },
  "version-2": { note: "version 2", result: "version", version: 2 },
  "malformed-padding-not-zero": {
    note: "the last byte of the padding is 1",
    result: "malformed",
    plaintext: turned(-1),
  },
  "malformed-padding-a-block-too-much": {
    note: "64 zeros more than needed",
    result: "malformed",
    plaintext: (bytes) => Buffer.concat([bytes, Buffer.alloc(64)]),
  },
  "malformed-trailing-byte": {
    note: "a byte behind the signature",
    result: "malformed",
    signature: (bytes) => Buffer.concat([bytes, Buffer.from([1])]),
    signatureLength: (bytes) => bytes - 1,
  },
  "malformed-signature-too-long": {
    note: "the signature's length goes past the end",
    result: "malformed",
    signatureLength: () => 0xffff,
  },
  "malformed-hash-0": { note: "hash 0", result: "malformed", hash: 0 },
  "malformed-hash-3": { note: "hash 3", result: "malformed", hash: 3 },
  "malformed-address-family-5": {
    note: "an address of family 5",
    result: "malformed",
    address: "hex:05c0000207",
  },
  "malformed-address-mapped": {
    note: "an IPv4 address written as IPv6",
    result: "malformed",
    address: "hex:0600000000000000000000ffffc0000207",
  },
  "malformed-address-cut": {
    note: "an IPv4 address in three bytes",
    result: "malformed",
    address: "hex:04c00002",
  },
  "malformed-door-empty": { note: "a door without a name", result: "malformed", door: "" },
  "malformed-door-in-capitals": {
    note: "a door's name in capitals",
    result: "malformed",
    door: "SSH",
  },
  "malformed-door-of-33-characters": {
    note: "a door's name of 33 characters",
    result: "malformed",
    door: "a".repeat(33),
  },
  "malformed-door-with-a-zero": {
    note: "a door's name that ends in a zero byte",
    result: "malformed",
    door: "ssh\0",
  },
  "malformed-door-not-ascii": {
    note: "a door's name with a letter that is not ASCII",
    result: "malformed",
    door: Buffer.from("73e873", "hex"),
  },
};
