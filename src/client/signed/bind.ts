/** The source address that a knock names, so that it opens for no other. */
import type { Destination, Source } from "../../host/index.ts";
import {
  type Address,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixHolds,
  prefixOf,
  printAddress,
  unmapPrefix,
} from "../../policy/address.ts";
import { quoted, type Written } from "../../policy/value/written.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";

/**
 * `auto`: the one that packets have here, where nothing on the way can put another in its place.
 * An address is for knocks of its family; those of the other are as with `auto`.
 */
export type Bind = "auto" | "none" | Address;

export function parseBind({ text, place }: Written): Result<Bind> {
  if (text === "auto" || text === "none") return ok(text);
  const address = parseAddress(text);
  if (address !== undefined) return ok(unmapPrefix(prefixOf(address))?.first ?? address);
  return fail({
    code: "not-an-address",
    severity: "error",
    what: `${quoted(text)} is not an address that a knock can be bound to`,
    fix: "write the address that the host sees you come from, or none, or auto",
    ...(place && { place }),
  });
}

export function printBind(bind: Bind): string {
  return typeof bind === "string" ? bind : printAddress(bind);
}

/** The address to name in a knock; undefined: none. */
export function addressFor(
  bind: Bind,
  to: Destination,
  source: Source | undefined,
): Address | undefined {
  if (bind === "none") return undefined;
  if (bind !== "auto" && bind.family === to.family) return bind;
  const own = addressIn(source?.address);
  if (source === undefined || own === undefined) return undefined;
  return source.isBeside || isSeenAsItIs(own, addressIn(to.address)) ? own : undefined;
}

function addressIn(text = ""): Address | undefined {
  return parseAddress(text.replace(/%.*/, ""));
}

/** Networks of which packets do not get into the Internet as they are (RFC 6890, RFC 6598). */
const INNER = prefixesOf(
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "240.0.0.0/4"],
  ...["::1/128", "fc00::/7", "fe80::/10", "fec0::/10"],
);

/** Behind these addresses of IPv6 are hosts that see packets of IPv4 (RFC 6052, RFC 8215). */
const TRANSLATED = prefixesOf("64:ff9b::/96", "64:ff9b:1::/48");

function prefixesOf(...texts: readonly string[]): readonly Prefix[] {
  return texts.flatMap((text) => parsePrefix(text) ?? []);
}

function isSeenAsItIs(own: Address, to: Address | undefined): boolean {
  const isIn = (address: Address) => (prefix: Prefix) => prefixHolds(prefix, address);
  return !INNER.some(isIn(own)) && to !== undefined && !TRANSLATED.some(isIn(to));
}
