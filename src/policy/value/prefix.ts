/** Addresses and prefixes as an administrator writes them. */
import { ok, type Result } from "../../problem/problem.ts";
import {
  type Prefix,
  parseAddress,
  parsePrefix,
  printAddress,
  printPrefix,
  widthOf,
} from "../address.ts";
import { quoted, refuse, type Written } from "./written.ts";

const FIX = "write an address such as 192.0.2.7, or a prefix such as 192.0.2.0/24 or 2001:db8::/64";

/** Reads `ADDRESS` or `ADDRESS/LENGTH`, strictly: no bit may be set past the length. */
export function parseWholePrefix(written: Written): Result<Prefix> {
  const { text } = written;
  const prefix = parsePrefix(text);
  if (prefix === undefined) return whyNoPrefix(written);
  const address = parseAddress(text.split("/")[0] ?? "");
  if (address === undefined)
    throw new Error(`parseWholePrefix: ${text} is a prefix without an address`);
  if (address.bits !== prefix.first.bits) {
    return refuse(
      written,
      "host-bits",
      `${quoted(text)} has bits set past its length of ${prefix.length}`,
      `write ${printPrefix(prefix)}, or ${printAddress(address)} for the one address`,
    );
  }
  return isMapped(prefix) ? refuseMapped(written, prefix) : ok(prefix);
}

/** Reads a source that never needs to knock: anybody cannot be one. */
export function parseTrusted(written: Written): Result<Prefix> {
  const prefix = parseWholePrefix(written);
  if (!prefix.ok || prefix.value.length > 0) return prefix;
  return refuse(
    written,
    "trusts-everybody",
    `${quoted(written.text)} is everybody, who would then never meet a door`,
    "write the addresses that need not knock",
  );
}

function whyNoPrefix(written: Written): Result<never> {
  const { text } = written;
  if (/^[\d.]+(\/\d+)?$/.test(text) && /(^|\.|\/)0\d/.test(text)) {
    return refuse(
      written,
      "leading-zero",
      `${quoted(text)} has a leading zero, so that some programs read it as octal`,
      `write ${text.replace(/(^|\.|\/)0+(?=\d)/g, "$1")}`,
    );
  }
  const zone = /%[^/]*/.exec(text)?.[0];
  if (zone !== undefined) {
    return refuse(
      written,
      "zone",
      `${quoted(text)} names an interface`,
      `leave out ${quoted(zone)}; the key \`interfaces\` says where the gate looks`,
    );
  }
  const [, address = "", length] = /^([^/]*)\/(\d+)$/.exec(text) ?? [];
  const parsed = parseAddress(address);
  if (parsed !== undefined && length !== undefined) {
    const most = widthOf(parsed.family);
    return refuse(
      written,
      "not-a-prefix-length",
      `${quoted(text)} has no length that exists`,
      `write a length from 0 to ${most} after the slash`,
    );
  }
  return refuse(written, "not-an-address", `${quoted(text)} is not an address or prefix`, FIX);
}

/** Addresses of ::ffff:0:0/96 stand for IPv4 inside programs and never come in a packet. */
function isMapped(prefix: Prefix): boolean {
  return (
    prefix.first.family === "ipv6" && prefix.length >= 96 && prefix.first.bits >> 32n === 0xffffn
  );
}

function refuseMapped(written: Written, prefix: Prefix): Result<never> {
  const dotted = [24n, 16n, 8n, 0n].map((shift) => (prefix.first.bits >> shift) & 0xffn).join(".");
  const length = prefix.length - 96;
  return refuse(
    written,
    "mapped-address",
    `${quoted(written.text)} is how programs write an IPv4 address; no packet carries it`,
    `write ${length === 32 ? dotted : `${dotted}/${length}`}`,
  );
}
