/** What an administrator changes by hand in a live gate: grants and bans. */
import { holds, type Listing, type LiveSet } from "../backend/live.ts";
import type { Host } from "../host/index.ts";
import type { Address } from "../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import type { Change } from "./backend.ts";
import { readGate, type Standing } from "./standing.ts";

/** Lets a source in at a door for so long from now, whatever it had before; a ban outranks that. */
export async function openDoor(
  host: Host,
  door: string,
  source: Address,
  seconds: number,
): Promise<Result<"open" | "banned">> {
  const gate = await readGateWith(host, door);
  if (!gate.ok) return gate;
  const { listing } = gate.value;
  const grants = grantsOf(listing, door).filter(({ family }) => family === source.family);
  const opened = await remember(host, gate.value, { sets: grants, source, seconds });
  if (!opened.ok) return opened;
  return ok(isHeldBy(bansOf(listing, source), source) ? "banned" : "open");
}

/**
 * Ends the grant of a source, or without one of everybody, and handshakes that have only begun.
 * Connections that exist continue.
 */
export async function closeDoor(
  host: Host,
  door: string,
  source: Address | undefined,
): Promise<Result<undefined>> {
  const gate = await readGateWith(host, door);
  if (!gate.ok) return gate;
  const ended = gate.value.listing.sets.filter(
    ({ label: { role } }) =>
      (role.kind === "grants" || role.kind === "begun") && role.door === door,
  );
  if (source !== undefined) return forget(host, gate.value, ended, source);
  return gate.value.backend.change(
    host,
    ended.map((set) => ({ kind: "forget-all", set })),
  );
}

/**
 * Shuts every door to a source, without an end if no time is given, and takes its grants away: who
 * is let in again has to knock anew.
 */
export async function banSource(
  host: Host,
  source: Address,
  seconds: number | undefined,
): Promise<Result<undefined>> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  const { listing, backend } = gate.value;
  const bans = setsFor(listing, source, ["banned"]).map(
    (set): Change => ({ kind: "remember", set, source, seconds }),
  );
  const granted = setsFor(listing, source, ["grants", "begun"]);
  return backend.change(host, [...bans, ...forgetting(granted, source)]);
}

/** Lifts every ban of a source, and forgets the wrong steps that it had made. */
export async function unbanSource(
  host: Host,
  source: Address,
): Promise<Result<"lifted" | "was not banned">> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  const bans = bansOf(gate.value.listing, source);
  const wrong = setsFor(gate.value.listing, source, ["wrong"]);
  const forgotten = await forget(host, gate.value, [...bans, ...wrong], source);
  if (!forgotten.ok) return forgotten;
  return ok(isHeldBy(bans, source) ? "lifted" : "was not banned");
}

interface Membership {
  readonly sets: readonly LiveSet[];
  readonly source: Address;
  readonly seconds: number | undefined;
}

function remember(
  host: Host,
  { backend }: Standing,
  { sets, source, seconds }: Membership,
): Promise<Result<undefined>> {
  return backend.change(
    host,
    sets.map((set) => ({ kind: "remember", set, source, seconds })),
  );
}

async function forget(
  host: Host,
  { backend }: Standing,
  sets: readonly LiveSet[],
  source: Address,
): Promise<Result<undefined>> {
  const changes = forgetting(sets, source);
  return changes.length === 0 ? ok(undefined) : backend.change(host, changes);
}

/** Only where it is held: to forget is also to add for an instant, which a full set refuses. */
function forgetting(sets: readonly LiveSet[], source: Address): Change[] {
  return sets.filter((set) => holds(set, source)).map((set) => ({ kind: "forget", set, source }));
}

/** The gate, if it has the door. */
async function readGateWith(host: Host, door: string): Promise<Result<Standing>> {
  const gate = await readGate(host);
  if (!gate.ok || grantsOf(gate.value.listing, door).length > 0) return gate;
  return fail(noSuchDoor(gate.value.listing, door));
}

function bansOf(listing: Listing, source: Address): LiveSet[] {
  return setsFor(listing, source, ["banned", "auto-banned"]);
}

function grantsOf({ sets }: Listing, door: string): LiveSet[] {
  return sets.filter(({ label: { role } }) => role.kind === "grants" && role.door === door);
}

function setsFor(
  { sets }: Listing,
  source: Address,
  roles: readonly LiveSet["label"]["role"]["kind"][],
): LiveSet[] {
  return sets.filter(
    ({ family, label }) => family === source.family && roles.includes(label.role.kind),
  );
}

function isHeldBy(sets: readonly LiveSet[], source: Address): boolean {
  return sets.some((set) => holds(set, source));
}

function noSuchDoor({ sets }: Listing, door: string): Problem {
  const doors = sets.flatMap(({ label: { role } }) => (role.kind === "grants" ? [role.door] : []));
  return {
    code: "no-such-door",
    severity: "error",
    what: `the gate has no door called ${JSON.stringify(door)}`,
    fix: `name one of its doors: ${[...new Set(doors)].join(", ")}`,
  };
}
