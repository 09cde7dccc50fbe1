/** What an administrator changes in a live gate; that something else flushes it does not undo that. */
import type { Host } from "../host/index.ts";
import { type Address, asPrefix, type Prefix } from "../policy/address.ts";
import type { Result } from "../problem/problem.ts";
import * as hand from "./hand.ts";
import { whileNoted } from "./keep/changes.ts";

export function openDoor(
  host: Host,
  door: string,
  source: Address,
  seconds: number,
): Promise<Result<"open" | "banned">> {
  const open = () => hand.openDoor(host, door, source, seconds);
  return whileNoted(host, { kind: "open", door, source, seconds }, open);
}

export function closeDoor(
  host: Host,
  door: string,
  source: Address | undefined,
): Promise<Result<undefined>> {
  const close = () => hand.closeDoor(host, door, source);
  return whileNoted(host, { kind: "close", door, source }, close);
}

export function banSource(
  host: Host,
  source: Address | Prefix,
  seconds: number | undefined,
  options: hand.BanOptions = {},
): Promise<Result<Prefix>> {
  const ban = () => hand.banSource(host, source, seconds, options);
  return whileNoted(host, { kind: "ban", source: asPrefix(source), seconds }, ban);
}

export function unbanSource(
  host: Host,
  source: Address | Prefix,
): Promise<Result<"lifted" | "was not banned">> {
  const unban = () => hand.unbanSource(host, source);
  return whileNoted(host, { kind: "unban", source: asPrefix(source) }, unban);
}
