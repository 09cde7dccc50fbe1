/** What the gate would do now with packets of one source, and why. */
import type { Listing } from "../../backend/live.ts";
import {
  type Address,
  type Prefix,
  prefixHolds,
  printAddress,
  printPrefix,
  shorten,
  widthOf,
} from "../../policy/address.ts";
import { printCarrier } from "../../policy/carriers.ts";
import { printInterfaceEntry } from "../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door } from "../../policy/policy.ts";
import type { Role } from "../../program/index.ts";
import { checkBeforeGate, type Paths } from "../check/bypass/index.ts";
import type { LiveGate } from "../live-policy.ts";
import { type Attempt, explainAttempt } from "./attempt.ts";
import { timedIn, withRelevant } from "./members.ts";
import { explainVisits, type Visit } from "./visit.ts";
import { type Way, wayOf, wayTo } from "./way.ts";

/** Stable for scripts: `explain --json` prints it as it is. Times are whole seconds from now. */
export interface Explanation {
  readonly address: string;
  /** The address, or for IPv6 the prefix whose addresses count as one source. */
  readonly source: string;
  /** The address, or for IPv6 the prefix whose addresses are banned together. */
  readonly bannedAs: string;
  /** Packets from such an address come by loopback, where there are no doors. */
  readonly isOfThisHost: boolean;
  /** As the policy writes them, such as `eth0`, `ppp*` and `!lan0`; empty: all but loopback. */
  readonly interfaces: readonly string[];
  /** Where this host sends to the address; its packets are taken to come in there. Null: unknown. */
  readonly comesBy: string | null;
  /** Whether the gate looks at what comes in there; also where it is unknown. */
  readonly isCovered: boolean;
  /** In words, what may lead anybody's packets past the gate, or does past one of its doors. */
  readonly beforeGate: readonly string[];
  readonly trustedBy: TrustedBy | null;
  readonly bans: readonly Ban[];
  readonly wrongSteps: WrongSteps | null;
  readonly doors: readonly DoorExplanation[];
}

/** The line of the policy that says so. */
export interface TrustedBy {
  readonly prefix: string;
  readonly file: string;
  readonly line: number;
}

export interface Ban {
  /** By the gate itself, for wrong steps. */
  readonly automatic: boolean;
  /** Null: until it is lifted. */
  readonly secondsLeft: number | null;
}

/** That there were some, for so long; how many, the kernel does not tell. */
export interface WrongSteps {
  readonly secondsLeft: number | null;
  /** So many of them ban. */
  readonly after: number;
}

export interface DoorExplanation {
  readonly name: string;
  /** Destinations that packets of this source reach past the gate. */
  readonly bypasses: readonly PastGate[];
  /** What would become of a new connection, once for each protocol. */
  readonly visits: readonly Visit[];
  readonly grant: Timed | null;
  readonly session: Timed | null;
  readonly openForSeconds: number;
  readonly singleUse: boolean;
  /** Null where the door has no sequence. */
  readonly attempt: Attempt | null;
  /** What carries a token to it, as the policy writes it; empty: it opens with none. */
  readonly carriers: readonly string[];
  /** Null where it opens with no signed knock. */
  readonly signed: SignedWay | null;
}

export interface PastGate {
  readonly destination: string;
  /** Otherwise it may be so. */
  readonly isCertain: boolean;
  readonly why: string;
}

export interface SignedWay {
  /** As the policy writes them. */
  readonly carriers: readonly string[];
  /** Whether the door opens for this source, whoever has signed. */
  readonly opensFromHere: boolean;
  /** Whether the knock has to name the address. */
  readonly bound: boolean;
}

export interface Timed {
  /** Null: without an end. */
  readonly secondsLeft: number | null;
}

/**
 * @param isOfThisHost whether the address is loopback, or of an interface of this host.
 * @param only the name of the door that is asked about; undefined: all of them.
 * @param paths how packets come to this host; undefined where nobody knows.
 */
export function explainSource(
  gate: LiveGate,
  source: Address,
  isOfThisHost: boolean,
  only?: string,
  paths?: Paths,
): Explanation {
  const { placed, listing } = gate;
  const way = wayOf(placed, source, isOfThisHost, paths);
  const { policy } = placed;
  const own: LiveGate = { ...gate, listing: withRelevant(listing, source) };
  return {
    address: printAddress(source),
    source: cut(source, policy.ipv6PrefixLength),
    bannedAs: cut(source, policy.banIpv6PrefixLength),
    isOfThisHost,
    interfaces: policy.interfaces.map(printInterfaceEntry),
    comesBy: way.comesBy,
    isCovered: way.notGated !== "other-interface",
    beforeGate: paths === undefined ? [] : checkBeforeGate(placed, paths).map(({ what }) => what),
    trustedBy: trustedBy(placed, source),
    bans: bansOf(listing, source),
    wrongSteps: wrongStepsOf(gate, source),
    doors: policy.doors
      .filter(({ name }) => only === undefined || name === only)
      .map((door) => explainDoor(own, door, source, way)),
  };
}

function explainDoor(gate: LiveGate, door: Door, source: Address, way: Way): DoorExplanation {
  const find = (kind: "grants" | "sessions") =>
    timedIn(gate.listing, source, (role) => role.kind === kind && role.door === door.name)[0];
  const { bypasses, notGated } = wayTo(door, source, way);
  return {
    name: door.name,
    bypasses: bypasses.map(({ destination, isCertainThere, why }) => ({
      destination: printPrefix(destination),
      ...{ isCertain: isCertainThere, why },
    })),
    visits: explainVisits(gate, door, source, notGated),
    grant: find("grants") ?? null,
    session: find("sessions") ?? null,
    openForSeconds: door.openForSeconds,
    singleUse: door.singleUse,
    attempt: explainAttempt(gate, door, source, notGated),
    carriers: door.token?.carriers.map(printCarrier) ?? [],
    signed: signedWay(door, source),
  };
}

function signedWay({ signed }: Door, source: Address): SignedWay | null {
  if (signed === undefined) return null;
  const { carriers, from, bound } = signed;
  return {
    carriers: carriers.map(printCarrier),
    opensFromHere: from.length === 0 || from.some((prefix) => prefixHolds(prefix, source)),
    bound,
  };
}

function bansOf(listing: Listing, source: Address): Ban[] {
  const isBan = ({ kind }: Role) => kind === "banned" || kind === "auto-banned";
  return timedIn(listing, source, isBan).map(({ role, secondsLeft }) => ({
    automatic: role.kind === "auto-banned",
    secondsLeft,
  }));
}

function wrongStepsOf({ placed, listing }: LiveGate, source: Address): WrongSteps | null {
  const { ban } = placed.policy;
  const [counted] = timedIn(listing, source, ({ kind }) => kind === "wrong");
  if (ban === undefined || counted === undefined) return null;
  return { secondsLeft: counted.secondsLeft, after: ban.after };
}

function trustedBy({ policy, places }: PlacedPolicy, source: Address): TrustedBy | null {
  const n = policy.trusted.findIndex((prefix: Prefix) => prefixHolds(prefix, source));
  const prefix = policy.trusted[n];
  const place = places.trusted[n];
  if (prefix === undefined || place === undefined) return null;
  return { prefix: printPrefix(prefix), file: place.file, line: place.line };
}

/** So many bits of an IPv6 address, and all of an IPv4 one. */
function cut(source: Address, ipv6PrefixLength: number): string {
  const length = source.family === "ipv6" ? ipv6PrefixLength : widthOf(source.family);
  return printPrefix(shorten({ first: source }, length));
}
