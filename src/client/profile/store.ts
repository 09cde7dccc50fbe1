/** The profiles of whoever runs this: `~/.config/postern/hosts.yaml`, for their eyes alone. */
import { dirname, resolve } from "node:path";
import { type Host, lockPath } from "../../host/index.ts";
import type { HostName } from "../../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { withoutHost, withProfile } from "./edit.ts";
import { type ClientDoor, type Profile, type Profiles, parseProfiles } from "./profiles.ts";

/** Where the profiles are, whether or not there are any. */
export function profilesFileOf(host: Host): string {
  const named = host.environment("XDG_CONFIG_HOME") ?? "";
  // What is not a whole path is to be ignored (XDG Base Directory Specification 0.8).
  const config = named.startsWith("/") ? named : `${host.environment("HOME") ?? ""}/.config`;
  return `${config}/postern/hosts.yaml`;
}

/** Every profile; none where there is no file. Refused when others can read the file. */
export async function readProfiles(host: Host): Promise<Result<Profiles>> {
  const file = profilesFileOf(host);
  const text = await host.readSecret(file);
  if (!text.ok) return text;
  return text.value === undefined ? ok(new Map()) : parseProfiles(text.value, file);
}

export interface Kept {
  readonly file: string;
  /** The doors that were added, with the knock that they had before beside the one that is new. */
  readonly doors: readonly ClientDoor[];
  /** What there was before. */
  readonly before: Profile | undefined;
}

/** Adds the doors and the key of a host. What opens a door in another way stays. */
export async function addProfile(
  host: Host,
  name: HostName,
  added: Profile,
): Promise<Result<Kept>> {
  return await change(host, (text, profiles, file) => {
    const before = profiles.get(name);
    const doors = added.doors.map((door) => joined(door, before));
    return ok({
      text: withProfile(text, name, { ...added, doors }),
      value: { file, doors, before },
    });
  });
}

function joined(door: ClientDoor, before: Profile | undefined): ClientDoor {
  const known = before?.doors.find(({ name }) => name === door.name);
  return {
    ...door,
    sequence: door.sequence ?? known?.sequence,
    token: door.token ?? known?.token,
    signed: door.signed ?? known?.signed,
  };
}

/** Keeps the key to which signed knocks to a host are sealed. */
export async function keepSealingKey(
  host: Host,
  name: HostName,
  sealingKey: Uint8Array,
): Promise<Result<undefined>> {
  return await change(host, (text, profiles) => {
    if (!profiles.has(name)) return fail(noProfile(name, profiles));
    return ok({ text: withProfile(text, name, { doors: [], sealingKey }), value: undefined });
  });
}

/** Removes a host and its doors. */
export async function removeHost(host: Host, name: HostName): Promise<Result<undefined>> {
  return await change(host, (text, profiles) => {
    if (text === undefined || !profiles.has(name)) return fail(noProfile(name, profiles));
    return ok({ text: withoutHost(text, name), value: undefined });
  });
}

/** That nothing is known of a host. */
export function noProfile(name: string, profiles: Profiles): Problem {
  const others = [...profiles.keys()];
  const known = others.length === 0 ? "there are none yet" : `there are ${others.join(", ")}`;
  return {
    code: "no-profile",
    severity: "error",
    what: `there is no profile of ${name} (${known})`,
    fix: `on that host \`postern profile export DOOR\` or \`postern key show NAME\`, and here \`postern profile add ${name} --from FILE\``,
  };
}

interface Change<T> {
  /** Undefined: nothing is left to keep. */
  readonly text: string | undefined;
  readonly value: T;
}

type Make<T> = (text: string | undefined, profiles: Profiles, file: string) => Result<Change<T>>;

const LOCK_SECONDS = 10;

async function change<T>(host: Host, make: Make<T>): Promise<Result<T>> {
  const file = profilesFileOf(host);
  const folder = dirname(file);
  const made = await host.makeFolder(folder);
  if (!made.ok) return made;
  // Two who change it at once shall not undo each other.
  const lock = await lockPath(host, folder, { waitSeconds: LOCK_SECONDS });
  if (lock === undefined) return fail(busy(file));
  try {
    return await changeAlone(host, file, make);
  } finally {
    await lock.release();
  }
}

async function changeAlone<T>(host: Host, file: string, make: Make<T>): Promise<Result<T>> {
  const text = await host.readSecret(file);
  if (!text.ok) return text;
  const profiles = text.value === undefined ? ok(new Map()) : parseProfiles(text.value, file);
  if (!profiles.ok) return profiles;
  const changed = make(text.value, profiles.value, file);
  if (!changed.ok) return changed;
  const { text: changedText, value } = changed.value;
  // Who keeps it elsewhere has a link here.
  const link = await host.readLink(file);
  const itself = link === undefined ? file : resolve(dirname(file), link);
  const written =
    changedText === undefined ? await host.remove(itself) : await host.replace(itself, changedText);
  return written.ok ? ok(value) : written;
}

function busy(file: string): Problem {
  return {
    code: "profiles-busy",
    severity: "error",
    what: `somebody else has been changing ${JSON.stringify(file)} for ${LOCK_SECONDS} s`,
    fix: "try again when that is done",
  };
}
