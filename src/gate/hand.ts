/** What an administrator changes by hand in a live gate: grants and bans. */
import { holds, type Listing, type LiveSet } from "../backend/live.ts";
import type { Host } from "../host/index.ts";
import {
  type Address,
  asPrefix,
  type Prefix,
  prefixHolds,
  printAddress,
  printPrefix,
  shorten,
  widthOf,
} from "../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import type { BackendName, Change } from "./backend.ts";
import { findSession } from "./session.ts";
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

export interface BanOptions {
  /** Also the source of the SSH session in which this is typed. */
  readonly anyway?: boolean;
}

/**
 * Shuts every door to a source, and takes the grants of all that the ban covers away: a source that
 * is let in again has to knock again. Returns what the ban covers, which for IPv6 may be more than
 * was named. A network of several sources is a problem.
 */
export async function banSource(
  host: Host,
  source: Address | Prefix,
  seconds: number | undefined,
  { anyway = false }: BanOptions = {},
): Promise<Result<Prefix>> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  const { listing, backend } = gate.value;
  const named = asPrefix(source);
  const sets = setsFor(listing, named.first, ["banned"]);
  const kept = Math.min(...sets.map(({ label }) => label.prefixLength));
  if (named.length < kept) return fail(isNetwork(named, kept, backend.name));
  const covered = shorten(named, kept);
  const session = await findSession(host);
  if (!anyway && session !== undefined && prefixHolds(covered, session.source)) {
    return fail(ownSession(session.source, covered));
  }
  const bans = sets.map(
    (set): Change => ({ kind: "remember", set, source: covered.first, seconds }),
  );
  const granted = setsFor(listing, named.first, ["grants", "begun"]);
  const changed = await backend.change(host, [...bans, ...forgettingAll(granted, covered)]);
  return changed.ok ? ok(covered) : changed;
}

/** Lifts every ban of a source, or of a network's, and forgets the wrong steps made there. */
export async function unbanSource(
  host: Host,
  source: Address | Prefix,
): Promise<Result<"lifted" | "was not banned">> {
  const gate = await readGate(host);
  if (!gate.ok) return gate;
  const { listing, backend } = gate.value;
  const named = asPrefix(source);
  const bans = forgettingAll(bansOf(listing, named.first), named);
  const wrong = forgettingAll(setsFor(listing, named.first, ["wrong"]), named);
  const changes = [...bans, ...wrong];
  const forgotten = changes.length === 0 ? ok(undefined) : await backend.change(host, changes);
  if (!forgotten.ok) return forgotten;
  return ok(bans.length > 0 ? "lifted" : "was not banned");
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

/** The same of every member of a network, and of the one that a longer prefix is part of. */
function forgettingAll(sets: readonly LiveSet[], { first, length }: Prefix): Change[] {
  return sets.flatMap((set) => {
    const shorter = Math.min(length, set.label.prefixLength);
    const all = shorten({ first }, shorter);
    return set.members.flatMap(({ source }): Change[] =>
      source !== undefined && prefixHolds(all, source) ? [{ kind: "forget", set, source }] : [],
    );
  });
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

/** A set holds addresses, each cut to one length. */
function isNetwork(named: Prefix, kept: number, backend: BackendName): Problem {
  const network = printPrefix(named);
  const one = kept === widthOf(named.first.family) ? "one address" : `one address and its /${kept}`;
  return {
    code: "network",
    severity: "error",
    what: `${network} is a network, and a ban is of ${one}`,
    fix: `drop all that it sends, until the next boot: \`${dropping(named, backend)}\``,
  };
}

function dropping(named: Prefix, backend: BackendName): string {
  const network = printPrefix(named);
  const isIpv6 = named.first.family === "ipv6";
  if (backend === "iptables") {
    return `sudo ${isIpv6 ? "ip6tables" : "iptables"} -t raw -A PREROUTING -s ${network} -j DROP`;
  }
  const chain = "add chain inet blocked in { type filter hook prerouting priority -320; }";
  const rule = `add rule inet blocked in ${isIpv6 ? "ip6" : "ip"} saddr ${network} drop`;
  return `sudo nft 'add table inet blocked; ${chain}; ${rule}'`;
}

function ownSession(source: Address, covered: Prefix): Problem {
  const address = printAddress(source);
  const all =
    covered.length === widthOf(source.family) ? "" : `, and a ban covers ${printPrefix(covered)}`;
  return {
    code: "own-session",
    severity: "error",
    what: `your own SSH session comes from ${address}${all}: you could not log in from there again`,
    fix: "to do so all the same: `postern ban --anyway`, with the rest as it was",
  };
}
