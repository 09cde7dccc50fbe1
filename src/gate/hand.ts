/** What an administrator changes by hand in a live gate: grants and bans. */
import type { Listing, LiveSet } from "../backend/live.ts";
import { printForget, printForgetAll, printRemember } from "../backend/nftables/index.ts";
import type { Host } from "../host/index.ts";
import { type Address, maskAddress } from "../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { loadText, readGate } from "./table.ts";

/** Lets a source in at a door for so long from now, whatever it had before; a ban outranks that. */
export async function openDoor(
  host: Host,
  door: string,
  source: Address,
  seconds: number,
): Promise<Result<"open" | "banned">> {
  const gate = await readGateWith(host, door);
  if (!gate.ok) return gate;
  const grants = grantsOf(gate.value, door).filter(({ family }) => family === source.family);
  const opened = await rememberIn(host, grants, source, seconds);
  if (!opened.ok) return opened;
  return ok(isHeldBy(bansOf(gate.value, source), source) ? "banned" : "open");
}

/** Ends the grant of a source, or without one of everybody. Connections that exist go on. */
export async function closeDoor(
  host: Host,
  door: string,
  source: Address | undefined,
): Promise<Result<undefined>> {
  const gate = await readGateWith(host, door);
  if (!gate.ok) return gate;
  const grants = grantsOf(gate.value, door);
  if (source !== undefined) return forgetIn(host, grants, source);
  return loadText(host, grants.map(printForgetAll).join(""));
}

/** Shuts every door to a source, without an end if no time is given. */
export async function banSource(
  host: Host,
  source: Address,
  seconds: number | undefined,
): Promise<Result<undefined>> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  return rememberIn(host, setsFor(gate.value, source, ["banned"]), source, seconds);
}

/** Lifts every ban of a source, and forgets the wrong steps that it had made. */
export async function unbanSource(
  host: Host,
  source: Address,
): Promise<Result<"lifted" | "was not banned">> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  const bans = bansOf(gate.value, source);
  const wrong = setsFor(gate.value, source, ["wrong"]);
  const forgotten = await forgetIn(host, [...bans, ...wrong], source);
  if (!forgotten.ok) return forgotten;
  return ok(isHeldBy(bans, source) ? "lifted" : "was not banned");
}

async function rememberIn(
  host: Host,
  sets: readonly LiveSet[],
  source: Address,
  seconds: number | undefined,
): Promise<Result<undefined>> {
  const full = sets.find((set) => set.members.length >= set.capacity && !holds(set, source));
  if (full !== undefined) return fail(setFull(full));
  return loadText(host, sets.map((set) => printRemember(set, source, seconds)).join(""));
}

/** Only where it is held: to forget is also to add for an instant, which a full set refuses. */
async function forgetIn(
  host: Host,
  sets: readonly LiveSet[],
  source: Address,
): Promise<Result<undefined>> {
  const text = sets.filter((set) => holds(set, source)).map((set) => printForget(set, source));
  return text.length === 0 ? ok(undefined) : loadText(host, text.join(""));
}

/** The gate, if it has the door. */
async function readGateWith(host: Host, door: string): Promise<Result<Listing>> {
  const gate = await readGate(host);
  if (!gate.ok || grantsOf(gate.value, door).length > 0) return gate;
  return fail(noSuchDoor(gate.value, door));
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

function holds({ family, members, label }: LiveSet, source: Address): boolean {
  if (family !== source.family) return false;
  const key = maskAddress(source, label.prefixLength).bits;
  return members.some((member) => member.source?.bits === key);
}

function setFull({ name, capacity }: LiveSet): Problem {
  return {
    code: "set-full",
    severity: "error",
    what: `the set ${name} is full: it holds ${capacity} sources`,
    fix: "make room first; `postern status` shows who is in it",
  };
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
