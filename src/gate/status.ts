/** What a live gate knows, sorted by what an administrator asks for. */
import type { Listing, LiveSet } from "../backend/live.ts";
import { CANDIDATES } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import { printAddress, printPrefix, shorten } from "../policy/address.ts";
import type { PlacedPolicy } from "../policy/parse.ts";
import { ok, type Problem, type Result } from "../problem/problem.ts";
import type { LogKind, Role } from "../program/index.ts";
import type { BackendName } from "./backend.ts";
import { type AtBoot, readAtBoot } from "./boot.ts";
import { findWaysAround } from "./check/around-doors.ts";
import { findBypasses, readPaths } from "./check/bypass/index.ts";
import { keepOf } from "./keep/keep.ts";
import { readPending, secondsLeft } from "./keep/pending.ts";
import { printWho } from "./keep/who.ts";
import { readKeys } from "./keys/store.ts";
import { findPolicyOf } from "./live-policy.ts";
import { seenKnocks } from "./signed/admit.ts";
import { readAgentNote } from "./signed/note.ts";
import { findGaps, readWholeGate, type Standing } from "./standing.ts";
import { type HeldTokens, heldTokens } from "./tokens/held.ts";

/** Stable for scripts: `status --json` prints it as it is. Times are whole seconds from now. */
export interface Status {
  readonly backend: BackendName;
  readonly doors: readonly DoorStatus[];
  readonly banned: readonly BannedSource[];
  /** How full each set is that packets, grants and bans fill. */
  readonly sets: readonly SetFill[];
  /** What to do so that the sets hold more, where one that is full forgets members; else null. */
  readonly toHoldMore: string | null;
  /** What verifies signed knocks; null where no door has them. */
  readonly agent: AgentStatus | null;
  /** The gate of before comes back unless this one is confirmed; null: it is here to stay. */
  readonly unconfirmed: Unconfirmed | null;
  /** Packets that do not come to the gate or its doors, or may not; null where its policy is not known. */
  readonly bypasses: readonly BypassStatus[] | null;
  /** What the next boot brings; null where postern.service is not there for that. */
  readonly atBoot: AtBoot | null;
}

/** A finding of `postern check` about packets that get past the gate. */
export interface BypassStatus {
  readonly code: string;
  /** `error` where it is certain. */
  readonly severity: "error" | "warning";
  readonly what: string;
  readonly fix: string;
}

/** Counted since it began. */
export interface AgentStatus {
  readonly isRunning: boolean;
  /** Packets that might have been signed knocks, since the gate was first loaded. */
  readonly candidates: number;
  readonly opened: number;
  /** By the reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Packets that came faster than they could be read. */
  readonly lost: number;
  /** Copies of knocks that came moments before from the same source. */
  readonly repeated: number;
}

export interface Unconfirmed {
  /** Who put it up, in words. */
  readonly by: string;
  /** Negative when the gate of before is overdue. */
  readonly secondsLeft: number;
}

export interface DoorStatus {
  readonly name: string;
  readonly open: readonly TimedSource[];
  readonly sessions: readonly TimedSource[];
  readonly partWay: readonly PartWaySource[];
  /** Since the gate was first loaded. */
  readonly counters: Readonly<Record<string, number>>;
  /** For each carrier of a door that opens with tokens. */
  readonly tokens: readonly TokenStatus[];
  /** With tokens and with signed knocks, within a day, the last first. */
  readonly knocks: readonly KnockStatus[];
}

export type TokenStatus = Omit<HeldTokens, "door" | "knocks">;

export interface KnockStatus {
  readonly with: "token" | "signature";
  /** Null for one whose key is gone. */
  readonly client: string | null;
  readonly carrier: string;
  readonly source: string;
  readonly secondsAgo: number;
}

export interface TimedSource {
  /** An address, or for IPv6 the first of those that count as one source. */
  readonly source: string;
  /** Null: without an end. */
  readonly secondsLeft: number | null;
}

export interface PartWaySource extends TimedSource {
  readonly stage: number;
  readonly of: number;
}

export interface BannedSource extends TimedSource {
  /** All that the ban covers: `192.0.2.7` or `2001:db8::/64`. */
  readonly source: string;
  /** By the gate itself, for wrong steps. */
  readonly automatic: boolean;
}

export interface SetFill {
  readonly name: string;
  readonly members: number;
  readonly capacity: number;
}

export async function readStatus(host: Host): Promise<Result<Status>> {
  const gate = await readWholeGate(host);
  if (!gate.ok) return gate;
  const keys = await readKeys(host);
  const known = keys.ok ? [...keys.value.clients, ...keys.value.revoked] : [];
  const now = host.now() / 1000;
  const held = heldTokens(gate.value.listing, known, now);
  const status = {
    ...statusOf(gate.value, await readUnconfirmed(host), { held, now }),
    agent: await readAgent(host, gate.value.listing),
    atBoot: await readAtBoot(host, gate.value.listing.fingerprint),
    bypasses: await readBypasses(host, gate.value.listing),
  };
  const { adviseOnCapacity } = gate.value.backend;
  if (adviseOnCapacity === undefined || !status.sets.some(isNearlyFull)) return ok(status);
  return ok({ ...status, toHoldMore: await adviseOnCapacity(host) });
}

async function readBypasses(host: Host, listing: Listing): Promise<Status["bypasses"]> {
  const placed = await findPolicyOf(host, listing);
  const gaps = findGaps(listing);
  if (placed === undefined && gaps.length === 0) return null;
  const others = placed === undefined ? [] : await findOtherWays(host, placed);
  return [...gaps, ...others].map(({ code, severity, what, fix }) => ({
    code,
    severity,
    what,
    fix,
  }));
}

async function findOtherWays(host: Host, placed: PlacedPolicy): Promise<Problem[]> {
  const paths = await readPaths(host, placed.policy);
  return [...findBypasses(placed, paths), ...(await findWaysAround(host, placed))];
}

async function readAgent(host: Host, { sets, counters }: Listing): Promise<AgentStatus | null> {
  if (!sets.some(({ label }) => label.role.kind === "signed-seen")) return null;
  const candidates = counters.find(({ name }) => name === CANDIDATES.name)?.packets ?? 0;
  const note = await readAgentNote(host);
  if (note === undefined) {
    return { isRunning: false, candidates, opened: 0, refused: {}, repeated: 0, lost: 0 };
  }
  const { opened, refused, repeated, lost } = note;
  return { isRunning: true, candidates, opened, refused, repeated, lost };
}

const NEARLY_FULL = 0.9;

function isNearlyFull({ members, capacity }: SetFill): boolean {
  return members >= NEARLY_FULL * capacity;
}

async function readUnconfirmed(host: Host): Promise<Unconfirmed | null> {
  const pending = await readPending(await keepOf(host));
  if (pending === undefined) return null;
  return { by: printWho(pending.who), secondsLeft: await secondsLeft(host, pending) };
}

export function statusOf(
  { backend, listing }: Standing,
  unconfirmed: Unconfirmed | null = null,
  tokens: TokensNow = { held: [], now: 0 },
): Status {
  const { sets } = listing;
  const doors = sets.flatMap(({ label: { role } }) => (role.kind === "grants" ? [role.door] : []));
  return {
    backend: backend.name,
    doors: [...new Set(doors)].map((name) => doorStatus(listing, name, tokens)),
    banned: sets.flatMap((set) => {
      const { kind } = set.label.role;
      if (kind !== "banned" && kind !== "auto-banned") return [];
      return bannedIn(set).map((source) => ({ ...source, automatic: kind === "auto-banned" }));
    }),
    sets: sets
      .filter(({ label }) => !FILLED_BY_POSTERN.has(label.role.kind))
      .map(({ name, members, capacity }) => ({ name, members: members.length, capacity })),
    toHoldMore: null,
    agent: null,
    unconfirmed,
    bypasses: null,
    atBoot: null,
  };
}

/**
 * Sets that `refill` and the agent keep nearly full, whatever packets come: how full these are would
 * look like a flood. How many tokens there are, the doors say.
 */
const FILLED_BY_POSTERN: ReadonlySet<Role["kind"]> = new Set(["tokens", "loaded", "signed-tags"]);

interface TokensNow {
  readonly held: readonly HeldTokens[];
  /** In seconds since 1970. */
  readonly now: number;
}

function doorStatus(
  { sets, counters }: Listing,
  door: string,
  { held, now }: TokensNow,
): DoorStatus {
  const ownTokens = held.filter((tokens) => tokens.door === door);
  const own = sets.filter(({ label: { role } }) => "door" in role && role.door === door);
  const ofKind = (kind: "grants" | "sessions") =>
    own.filter(({ label }) => label.role.kind === kind).flatMap(sourcesOf);
  return {
    name: door,
    open: ofKind("grants"),
    sessions: ofKind("sessions"),
    partWay: partWay(own),
    counters: Object.fromEntries(
      COUNTED.flatMap((kind) => {
        const counter = counters.find(({ name }) => name === `${door}_${kind}`);
        return counter === undefined ? [] : [[kind, counter.packets]];
      }),
    ),
    tokens: ownTokens.map(({ carrier, clients, tokens, bytes, secondsLeft }) => ({
      carrier,
      clients,
      tokens,
      bytes,
      secondsLeft,
    })),
    knocks: [...tokenKnocks(ownTokens, now), ...signedKnocks(sets, door)].sort(
      (a, b) => a.secondsAgo - b.secondsAgo,
    ),
  };
}

function tokenKnocks(tokens: readonly HeldTokens[], now: number): KnockStatus[] {
  return tokens
    .flatMap(({ knocks }) => knocks)
    .map(({ client, carrier, source, at }) => ({
      with: "token",
      client: client ?? null,
      carrier,
      source,
      secondsAgo: Math.max(0, Math.round(now - at)),
    }));
}

function signedKnocks(sets: readonly LiveSet[], name: string): KnockStatus[] {
  return sets
    .filter(({ label }) => label.role.kind === "signed-seen")
    .flatMap(seenKnocks)
    .filter(({ door }) => door === name)
    .map(({ door: _, ...knock }) => ({ with: "signature", ...knock }));
}

/** Anybody may put other counters into the table. */
const COUNTED: readonly LogKind[] = ["refused", "open", "wrong", "banned"];

/** The last step makes a grant, so a sequence has one stage fewer than steps. */
function partWay(own: readonly LiveSet[]): PartWaySource[] {
  const stages = own.flatMap((set) =>
    set.label.role.kind === "stage" ? [{ set, stage: set.label.role.stage }] : [],
  );
  const of = Math.max(...stages.map(({ stage }) => stage)) + 1;
  return stages.flatMap(({ set, stage }) =>
    sourcesOf(set).map((source) => ({ ...source, stage, of })),
  );
}

/** What each ban of the set covers. */
function bannedIn({ members, label }: LiveSet): TimedSource[] {
  return members.flatMap(({ source, secondsLeft = null }) =>
    source === undefined
      ? []
      : [{ source: printPrefix(shorten({ first: source }, label.prefixLength)), secondsLeft }],
  );
}

function sourcesOf({ members }: LiveSet): TimedSource[] {
  return members.flatMap(({ source, secondsLeft }) =>
    source === undefined
      ? []
      : [{ source: printAddress(source), secondsLeft: secondsLeft ?? null }],
  );
}
