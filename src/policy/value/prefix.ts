/** Addresses and prefixes as an administrator writes them. */
import { ok, type Result } from "../../problem/problem.ts";
import {
  type Prefix,
  parseAddress,
  parsePrefix,
  printAddress,
  printPrefix,
  unmapPrefix,
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
  if (address === undefined) throw new Error(`parseWholePrefix: no address in ${text}`);
  if (address.bits !== prefix.first.bits) {
    return refuse(
      written,
      "host-bits",
      `${quoted(text)} has bits set past its length of ${prefix.length}`,
      `write ${printPrefix(prefix)}, or ${printAddress(address)} for the one address`,
    );
  }
  const unmapped = unmapPrefix(prefix);
  if (unmapped === undefined) return ok(prefix);
  return refuse(
    written,
    "mapped-address",
    `${quoted(text)} is how programs write an IPv4 address; no packet carries it`,
    `write ${printPrefix(unmapped)}`,
  );
}

/** Reads a source that never needs to knock, which cannot be everybody. */
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
