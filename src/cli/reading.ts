/** What users type on the command line, as values. */
import { resolve } from "node:path";
import { homeOf, type PolicyText } from "../gate/index.ts";
import type { Host } from "../host/index.ts";
import {
  type Address,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixOf,
  unmapPrefix,
} from "../policy/address.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../policy/parse.ts";
import type { Door, Policy } from "../policy/policy.ts";
import { parseSeconds } from "../policy/value/seconds.ts";
import { fail, ok, type Place, type Result } from "../problem/problem.ts";

/** Reads a policy file, as it was written and with its places; without a path that of this host. */
export async function readPlacedPolicy(
  host: Host,
  path: string | undefined,
): Promise<Result<PlacedPolicy & { readonly written: PolicyText }>> {
  const file = policyFileOf(host, path);
  const text = await host.readText(file, path === undefined ? "file" : "any");
  if (!text.ok) return text;
  const placed = parsePlacedPolicy(text.value, file);
  return placed.ok
    ? ok({ ...placed.value, written: { file: resolve(file), text: text.value } })
    : placed;
}

/** A door of a policy file; without a path of that of this host. */
export async function readPolicyDoor(
  host: Host,
  name: string,
  path: string | undefined,
): Promise<Result<Door>> {
  const placed = await readPlacedPolicy(host, path);
  if (!placed.ok) return placed;
  const { doors } = placed.value.policy;
  const door = doors.find((one) => one.name === name);
  if (door !== undefined) return ok(door);
  return fail({
    code: "no-such-door",
    severity: "error",
    place: placeOf(name),
    what: `the policy has no door ${JSON.stringify(name)}`,
    fix: `its doors are ${doors.map((one) => one.name).join(", ")}`,
  });
}

const BACKENDS: readonly Policy["backend"][] = ["auto", "nftables", "iptables"];

/** What `--backend` names; undefined stays undefined. */
export function readBackend(
  text: string | boolean | undefined,
): Result<Policy["backend"] | undefined> {
  if (typeof text !== "string") return ok(undefined);
  const name = BACKENDS.find((one) => one === text);
  if (name !== undefined) return ok(name);
  return fail({
    code: "unknown-word",
    severity: "error",
    place: placeOf(text),
    what: `${JSON.stringify(text)} is no backend`,
    fix: "write nftables or iptables, or auto as if the policy said so",
  });
}

/** The path that was named, or that of the policy of this host. */
export function policyFileOf(host: Host, path?: string): string {
  return path ?? `${homeOf(host)}/policy.yaml`;
}

/**
 * Programs that listen for both families write IPv4 addresses as ::ffff:192.0.2.7 in their
 * logs. No packet has such a source, so the IPv4 one is meant.
 */
export function readAddress(text: string): Result<Address> {
  const address = parseAddress(text);
  if (address !== undefined) return ok(unmapPrefix(prefixOf(address))?.first ?? address);
  return fail({
    code: "not-an-address",
    severity: "error",
    place: placeOf(text),
    what: `${JSON.stringify(text)} is not an address`,
    fix: "write one IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7",
  });
}

/** The same, or a network of them. */
export function readSource(text: string): Result<Prefix> {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return ok(unmapPrefix(prefix) ?? prefix);
  const address = readAddress(text);
  return address.ok ? ok(prefixOf(address.value)) : address;
}

/** A duration as in the policy file; undefined stays undefined. */
export function readSeconds(text: string): Result<number> {
  return parseSeconds({ text, place: placeOf(text) });
}

/** Where something stands that was typed. */
export function placeOf(text: string): Place {
  return { file: "command line", line: 1, column: 1, length: Math.max(text.length, 1), text };
}
