/** What an administrator changes by hand in a live gate: grants and bans. */
import {
  type Listing,
  type LiveSet,
  printForget,
  printForgetAll,
  printRemember,
} from "../backend/nftables/index.ts";
import type { Host } from "../host/index.ts";
import { type Address, maskAddress, printAddress } from "../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { loadText, readGate } from "./table.ts";

/** Lets a source in at a door for so long from now, whatever it had before. */
export async function openDoor(
  host: Host,
  door: string,
  source: Address,
  seconds: number,
): Promise<Result<undefined>> {
  return change(host, door, (listing) =>
    grantsOf(listing, door)
      .filter(({ family }) => family === source.family)
      .map((set) => printRemember(set, source, seconds)),
  );
}

/** Ends the grant of a source, or without one of everybody. Connections that exist go on. */
export async function closeDoor(
  host: Host,
  door: string,
  source: Address | undefined,
): Promise<Result<undefined>> {
  return change(host, door, (listing) =>
    grantsOf(listing, door).flatMap((set) => {
      if (source === undefined) return [printForgetAll(set)];
      return set.family === source.family ? [printForget(set, source)] : [];
    }),
  );
}

/** Shuts every door to a source, without an end if no time is given. */
export async function banSource(
  host: Host,
  source: Address,
  seconds: number | undefined,
): Promise<Result<undefined>> {
  return change(host, undefined, (listing) =>
    setsFor(listing, source, ["banned"]).map((set) => printRemember(set, source, seconds)),
  );
}

/** Lifts every ban of a source, and forgets the wrong steps that it had made. */
export async function unbanSource(
  host: Host,
  source: Address,
): Promise<Result<"lifted" | "was not banned">> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  const banned = setsFor(gate.value, source, ["banned", "auto-banned"]).some((set) =>
    holds(set, source),
  );
  const text = setsFor(gate.value, source, ["banned", "auto-banned", "wrong"])
    .map((set) => printForget(set, source))
    .join("");
  const loaded = await loadText(host, text);
  if (!loaded.ok) return loaded;
  return ok(banned ? "lifted" : "was not banned");
}

async function change(
  host: Host,
  door: string | undefined,
  print: (listing: Listing) => readonly string[],
): Promise<Result<undefined>> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  if (door !== undefined && grantsOf(gate.value, door).length === 0) {
    return fail(noSuchDoor(gate.value, door));
  }
  return loadText(host, print(gate.value).join(""));
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

function holds({ members, label }: LiveSet, source: Address): boolean {
  const key = printAddress(maskAddress(source, label.prefixLength));
  return members.some(
    (member) => member.source !== undefined && printAddress(member.source) === key,
  );
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
