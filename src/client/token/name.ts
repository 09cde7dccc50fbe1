/** What a server is called in a request to it. */
import { parseAddress } from "../../policy/address.ts";

/** Undefined of an address, which is no name (RFC 6066, section 3). */
export function hostPartOf(host: string): string | undefined {
  return isAddress(host) ? undefined : host;
}

/** As in a URL: addresses of IPv6 in brackets, and without the zone, which means nothing there. */
export function authorityOf(host: string, port: number, usualPort: number): string {
  const name = isAddress(host) && host.includes(":") ? `[${withoutZone(host)}]` : host;
  return port === usualPort ? name : `${name}:${port}`;
}

function isAddress(host: string): boolean {
  return parseAddress(withoutZone(host)) !== undefined;
}

function withoutZone(host: string): string {
  return host.replace(/%.*/, "");
}
