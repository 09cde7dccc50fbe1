/**
 * A DNS query that carries a token, as `dig` of BIND 9.18 sends one: recursion desired, AD, and
 * an OPT record with a cookie (RFC 6891, RFC 7873).
 */
import { hostPartOf } from "./name.ts";

export type RecordType = "A" | "AAAA";

const TYPES: Readonly<Record<RecordType, number>> = { A: 1, AAAA: 28 };
const INTERNET = 1;
const RECURSION_AND_AD = 0x0120;

/** Without the length that a name has in all; the token's label is 17 bytes of 255. */
const MOST_DOMAIN_BYTES = 230;
/** Nobody's but those of the network in which it is asked for (RFC 8375). */
const NO_DOMAIN = "home.arpa";

/** A query for the token's name in the domain of `host`. */
export function queryWith(
  token: Uint8Array,
  host: string,
  type: RecordType,
  random: (bytes: number) => Uint8Array,
): Buffer {
  const counts = Buffer.from([0, 1, 0, 0, 0, 0, 0, 1]);
  const flags = Buffer.from([RECURSION_AND_AD >> 8, RECURSION_AND_AD & 0xff]);
  const labels = [
    Buffer.from(token),
    ...domainOf(host)
      .split(".")
      .map((label) => Buffer.from(label)),
  ];
  const name = labels.flatMap((label) => [Buffer.of(label.length), label]);
  const question = Buffer.from([0, 0, TYPES[type], 0, INTERNET]);
  return Buffer.concat([random(2), flags, counts, ...name, question, OPT, random(COOKIE_BYTES)]);
}

const COOKIE_BYTES = 8;

/** The root, type OPT, 1232 bytes of UDP, no extended flags; then the cookie's option. */
const OPT = Buffer.from([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 12, 0, 10, 0, COOKIE_BYTES]);

/** That of a host below it: of gate.example.org example.org, and of example.org itself. */
export function domainOf(host: string): string {
  const labels = hostPartOf(host)?.split(".") ?? [];
  const domain = labels.length < 3 ? labels : labels.slice(1);
  const isSound = domain.every((label) => label.length > 0 && label.length < 64);
  const text = domain.join(".");
  return domain.length > 1 && isSound && text.length <= MOST_DOMAIN_BYTES ? text : NO_DOMAIN;
}
