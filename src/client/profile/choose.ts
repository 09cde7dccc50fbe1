/** Which door is meant, and where to find out whether it is open. */
import type { DoorName, HostName, Port, Seconds } from "../../policy/policy.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { ClientDoor, Profile, Profiles } from "./profiles.ts";
import { noProfile } from "./store.ts";

/** A door, and what knocks to its host are made with. */
export interface Choice extends Omit<Profile, "doors" | "client"> {
  readonly door: ClientDoor;
}

/** The door of that name; without a name, the only one that the host has. */
export function chooseDoor(
  profiles: Profiles,
  host: HostName,
  name: string | undefined,
): Result<Choice> {
  const profile = profiles.get(host);
  if (profile === undefined) return fail(noProfile(host, profiles));
  const { doors } = profile;
  const [first, second] = name === undefined ? doors : doors.filter((door) => door.name === name);
  const names = doors.map((door) => door.name).join(", ");
  if (first === undefined) {
    return fail({
      code: "no-such-door",
      severity: "error",
      what: `the profile of ${host} has no door ${JSON.stringify(name)}`,
      fix: `its doors are ${names}`,
    });
  }
  if (second === undefined) return ok({ ...profile, door: first });
  return fail({
    code: "several-doors",
    severity: "error",
    what: `the profile of ${host} has several doors: ${names}`,
    fix: `say which one: ${bracketed(host)}:${first.name}`,
  });
}

/** The door of the host that protects a TCP port; one without steps where none does. */
export function doorAt(profiles: Profiles, host: HostName, port: Port): Result<Choice> {
  const profile = profiles.get(host);
  if (profile === undefined) return fail(noProfile(host, profiles));
  const { doors } = profile;
  const door = doors.find(({ protects }) =>
    protects.some(
      ({ protocol, ports }) => protocol === "tcp" && ports.first <= port && port <= ports.last,
    ),
  );
  return ok({ ...profile, door: door ?? noDoorAt(port) });
}

function noDoorAt(port: Port): ClientDoor {
  return {
    name: "none" as DoorName,
    protects: [{ protocol: "tcp", ports: { first: port, last: port } }],
    openForSeconds: 1 as Seconds,
    singleUse: false,
    sequence: { steps: [], withinSeconds: 1 as Seconds },
    token: undefined,
    signed: undefined,
  };
}

/** A host as it stands before a colon. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
