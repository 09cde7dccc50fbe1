/** `HOST` or `HOST:DOOR`, as it is typed, and the door of a profile that it names. */
import { type Choice, chooseDoor, readProfiles } from "../client/index.ts";
import type { Host } from "../host/index.ts";
import { parseAddress } from "../policy/address.ts";
import type { DoorName, HostName } from "../policy/policy.ts";
import { parseDoorName, parseHostName } from "../policy/value/name.ts";
import { part } from "../policy/value/written.ts";
import { ok, type Result } from "../problem/problem.ts";
import { placeOf } from "./reading.ts";

export interface Target {
  readonly host: HostName;
  readonly door: DoorName | undefined;
}

/** IPv6 addresses stand in brackets before a door, as in URLs; alone they need none. */
export function readTarget(text: string): Result<Target> {
  const written = { text, place: placeOf(text) };
  const [hostEnd, doorStart] = split(text);
  const isBracketed = text.startsWith("[") && text[hostEnd - 1] === "]";
  const inner = isBracketed ? part(written, 1, hostEnd - 1) : part(written, 0, hostEnd);
  const host = parseHostName(inner);
  if (!host.ok) return host;
  if (doorStart === undefined) return ok({ host: host.value, door: undefined });
  const door = parseDoorName(part(written, doorStart, text.length));
  return door.ok ? ok({ host: host.value, door: door.value }) : door;
}

/** A door to knock at. */
export interface Aim {
  readonly host: HostName;
  readonly choice: Choice;
}

/** Needs no door in the text where the host has one alone. */
export async function findDoor(system: Host, text: string): Promise<Result<Aim>> {
  const target = readTarget(text);
  if (!target.ok) return target;
  const profiles = await readProfiles(system);
  if (!profiles.ok) return profiles;
  const { host, door } = target.value;
  const choice = chooseDoor(profiles.value, host, door);
  return choice.ok ? ok({ host, choice: choice.value }) : choice;
}

/** A host alone. */
export function readHostName(text: string): Result<HostName> {
  return parseHostName({ text, place: placeOf(text) });
}

/** Where the host ends, and where the door begins if there is one. */
function split(text: string): readonly [hostEnd: number, doorStart: number | undefined] {
  const [address = ""] = text.split("%");
  const colon = text.lastIndexOf(":");
  if (colon === -1 || text.endsWith("]") || parseAddress(address) !== undefined) {
    return [text.length, undefined];
  }
  return [colon, colon + 1];
}
