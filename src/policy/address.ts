/**
 * IPv4 and IPv6 addresses and prefixes as numbers. `node:net`'s `isIP` decides what is an
 * address, so that `010.1.1.1` (8.1.1.1 to some programs, 10.1.1.1 to others) is none.
 */
import { isIP } from "node:net";

declare const brand: unique symbol;

export type Family = "ipv4" | "ipv6";
export const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

/** An address. Only {@link parseAddress} and {@link maskAddress} make one. */
export interface Address {
  readonly [brand]: "Address";
  readonly family: Family;
  /** 32 or 128 bits, network order. */
  readonly bits: bigint;
}

/** All addresses that share the first `length` bits. Only {@link parsePrefix} and {@link unmapPrefix} make one. */
export interface Prefix {
  readonly [brand]: "Prefix";
  /** The first address: every bit past `length` is 0. */
  readonly first: Address;
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly length: number;
}

/** How many bits an address of the family has. */
export function widthOf(family: Family): 32 | 128 {
  return family === "ipv4" ? 32 : 128;
}

/** Reads an address in its usual notation; undefined when it is none (a zone such as `%eth0` is refused). */
export function parseAddress(text: string): Address | undefined {
  const version = isIP(text);
  if (version === 0 || text.includes("%")) return undefined;
  return version === 4
    ? addressOf("ipv4", bitsOfDotted(text))
    : addressOf("ipv6", bitsOfColons(text));
}

/**
 * Reads `ADDRESS` or `ADDRESS/LENGTH`. Undefined when it is neither; bits past the length
 * are kept out of the result, so compare with {@link printPrefix} to find them.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const [addressText = "", lengthText, ...rest] = text.split("/");
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0) return undefined;
  if (lengthText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return undefined;
  const length = lengthText === undefined ? widthOf(address.family) : Number(lengthText);
  if (length > widthOf(address.family)) return undefined;
  return { first: maskAddress(address, length), length } as Prefix;
}

/** The address in 4 or 16 bytes of a packet; undefined for another number of them. */
export function parseAddressBytes(bytes: Uint8Array): Address | undefined {
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  const bits = bytes.reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  return addressOf(bytes.length === 4 ? "ipv4" : "ipv6", bits);
}

/** The 4 or 16 bytes of it in a packet. */
export function printAddressBytes({ family, bits }: Address): Buffer {
  const digits = widthOf(family) / 4;
  return Buffer.from(bits.toString(16).padStart(digits, "0"), "hex");
}

/** The prefix that holds this address alone. */
export function prefixOf(address: Address): Prefix {
  return { first: address, length: widthOf(address.family) } as Prefix;
}

/** An address by itself is a network of one. */
export function asPrefix(source: Address | Prefix): Prefix {
  return "first" in source ? source : prefixOf(source);
}

/** The prefix of that length which holds the first address of another. */
export function shorten({ first }: Pick<Prefix, "first">, length: number): Prefix {
  return { first: maskAddress(first, length), length } as Prefix;
}

/** The address with every bit past the first `length` set to 0. */
export function maskAddress(address: Address, length: number): Address {
  const hostBits = BigInt(widthOf(address.family) - length);
  return addressOf(address.family, (address.bits >> hostBits) << hostBits);
}

export function prefixHolds(prefix: Prefix, address: Address): boolean {
  if (prefix.first.family !== address.family) return false;
  return maskAddress(address, prefix.length).bits === prefix.first.bits;
}

/**
 * The IPv4 prefix that one inside ::ffff:0:0/96 stands for; undefined for all others. Programs
 * use such addresses among themselves, and no packet carries one.
 */
export function unmapPrefix({ first, length }: Prefix): Prefix | undefined {
  if (first.family === "ipv4" || length < 96 || first.bits >> 32n !== 0xffffn) return undefined;
  return { first: addressOf("ipv4", first.bits & 0xffffffffn), length: length - 96 } as Prefix;
}

/** Whether the two share an address. */
export function prefixesMeet(a: Prefix, b: Prefix): boolean {
  return prefixHolds(a, b.first) || prefixHolds(b, a.first);
}

/** The usual notation; for IPv6 that of RFC 5952, the one that the kernel's tools print. */
export function printAddress(address: Address): string {
  return address.family === "ipv4" ? printDotted(address.bits) : printColons(address.bits);
}

/** `ADDRESS/LENGTH`, or the bare address where the prefix holds only one. */
export function printPrefix(prefix: Prefix): string {
  const { first, length } = prefix;
  const address = printAddress(first);
  return length === widthOf(first.family) ? address : `${address}/${length}`;
}

function addressOf(family: Family, bits: bigint): Address {
  return { family, bits } as Address;
}

function bitsOfDotted(text: string): bigint {
  return text.split(".").reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function bitsOfColons(text: string): bigint {
  const [head = "", tail] = text.split("::");
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = new Array<bigint>(8 - before.length - after.length).fill(0n);
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** The 16-bit groups of one side of `::`; a dotted tail (`::ffff:192.0.2.1`) is two of them. */
function groupsOf(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const bits = bitsOfDotted(group);
    return [bits >> 16n, bits & 0xffffn];
  });
}

function printDotted(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
}

function printColons(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bits >> BigInt(112 - 16 * i)) & 0xffffn);
  const text = groups.map((group) => group.toString(16)).join(":");
  const zeroRuns = [...text.matchAll(/(?<![^:])0(:0)+(?![^:])/g)];
  const longest = zeroRuns.reduce<RegExpExecArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, "");
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, "");
  return `${before}::${after}`;
}
