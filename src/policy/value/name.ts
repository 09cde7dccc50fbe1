/** Names of doors, of clients, of who signs and of hosts. */
import { ok, type Result } from "../../problem/problem.ts";
import { parseAddress, printAddress } from "../address.ts";
import type { ClientName, DoorName, HostName, Principal } from "../policy.ts";
import { quoted, refuse, type Written } from "./written.ts";

export function parseDoorName(written: Written): Result<DoorName> {
  const { text } = written;
  if (/^[a-z][a-z0-9-]{0,31}$/.test(text)) return ok(text as DoorName);
  return refuse(
    written,
    "not-a-door-name",
    `${quoted(text)} cannot be the name of a door`,
    "write 1 to 32 of a-z, 0-9 and -, beginning with a letter",
  );
}

/** Safe as the name of a file, in a comment of nftables and on a terminal. */
export function parseClientName(written: Written): Result<ClientName> {
  const { text } = written;
  if (/^[a-z\d][a-z\d._@-]{0,31}$/.test(text)) return ok(text as ClientName);
  return refuse(
    written,
    "not-a-client-name",
    `${quoted(text)} cannot be the name of a client`,
    "write 1 to 32 of a-z, 0-9 and . _ @ -, beginning with a letter or a digit, such as ana-phone",
  );
}

/** One name of a file of signers, and none of its patterns; safe in a comment of nftables. */
export function parsePrincipal(written: Written): Result<Principal> {
  const { text } = written;
  if (/^[A-Za-z\d][A-Za-z\d._@+-]{0,63}$/.test(text)) return ok(text as Principal);
  const [what, fix] = /[*?!]/.test(text)
    ? [`${quoted(text)} is a pattern, and not one name`, "name each of them"]
    : [
        `${quoted(text)} cannot be the name of who signs`,
        "write 1 to 64 of A-Z, a-z, 0-9 and . _ @ + -, beginning with a letter or a digit, such as alice@example.org",
      ];
  return refuse(written, "not-a-principal", what, fix);
}

/**
 * A name as DNS and hosts files have them, or an address, of a link with its zone. Nothing in it
 * means anything to a shell, and it is never taken for an option. However it is spelt, a host has
 * one name here: in lower case, without a last dot, and IPv6 as RFC 5952 has it.
 */
export function parseHostName(written: Written): Result<HostName> {
  const name = hostNameIn(written.text);
  if (name !== undefined) return ok(name as HostName);
  return refuse(
    written,
    "not-a-host-name",
    `${quoted(written.text)} is neither the name of a host nor an address`,
    "write a name such as gate.example.org, or an address such as 192.0.2.1 or 2001:db8::1",
  );
}

function hostNameIn(text: string): string | undefined {
  const [host = "", zone, ...rest] = text.split("%");
  const address = parseAddress(host);
  if (zone !== undefined) {
    const isOfLink = /^fe[89ab]/i.test(host) && /^[\w.-]{1,15}$/.test(zone) && rest.length === 0;
    return address !== undefined && isOfLink ? `${printAddress(address)}%${zone}` : undefined;
  }
  if (address !== undefined) return printAddress(address);
  const name = host.toLowerCase().replace(/(?<=[^.])\.$/, "");
  return isDnsName(name) ? name : undefined;
}

/** Names of numbers alone are addresses that somebody got wrong. */
function isDnsName(text: string): boolean {
  return (
    /^[a-z\d](?:[a-z\d._-]{0,251}[a-z\d])?$/.test(text) &&
    !text.includes("..") &&
    !/^[\d.]+$/.test(text)
  );
}
