/**
 * What a policy means: section 3 of the design, in its order, as sentences about the past.
 * Nothing here changes as packets come: everything is said of the first `n` events of a story
 * and a moment, and follows from what happened.
 */
import type { Address } from "../policy/address.ts";
import type { Carrier } from "../policy/carriers.ts";
import type { Door } from "../policy/policy.ts";
import { lifeOf } from "./answers.ts";
import {
  type Arrival,
  arrivalAt,
  arrivalsBefore,
  eventAt,
  eventsBefore,
  once,
  type Past,
} from "./past.ts";
import {
  asksForConnection,
  doorOf,
  isBannedWith,
  isForDestinationOf,
  isGated,
  isHidden,
  isKnock,
  isRepeat,
  isSameFlow,
  isSameSource,
  isStep,
  isTrusted,
  sequenceOf,
  shows,
} from "./traffic.ts";

/** Why a packet passes, or why it is refused. */
export type Reason =
  | "no door"
  | "connection"
  | "repeated SYN"
  | "session"
  | "trusted"
  | "grant"
  | "banned"
  | "no grant"
  | "no connection"
  | "hidden";

/** For so long after its SYN a connection may begin. */
const HANDSHAKE_SECONDS = 120;
/** Memory of a connection after its last segment: with an answered SYN; without one, or closing. */
const ESTABLISHED_SECONDS = 5 * 24 * 3600;
const CLOSING_SECONDS = 120;

/** 3.3: whether the packet that is event `n` passes. */
export function passes(past: Past, n: number): boolean {
  return !["banned", "no grant", "no connection", "hidden"].includes(reasonFor(past, n));
}

/** 3.3 and 3.4: what becomes of the packet that is event `n`, in a word. */
export function reasonFor(past: Past, n: number): Reason {
  return once(past, `reason ${n}`, () => {
    const arrival = arrivalAt(past, n);
    const { packet } = arrival;
    if (isHidden(past.policy, packet)) return "hidden";
    const door = doorOf(past.policy, packet);
    if (door === undefined) return "no door";
    if (packet.content.protocol === "udp") {
      return hasSession(past, door, arrival) ? "session" : reasonToBegin(past, door, arrival);
    }
    return asksForConnection(packet)
      ? reasonToConnect(past, door, arrival)
      : reasonToContinue(past, door, arrival);
  });
}

/** A SYN that repeats one which passed needs no grant, and takes none. */
function reasonToConnect(past: Past, door: Door, arrival: Arrival): Reason {
  if (arrival.packet.isFragment === true) return "no grant";
  const reason = reasonToBegin(past, door, arrival);
  const mayRepeat = reason === "grant" || reason === "no grant";
  return mayRepeat && isOpening(past, door, arrival) ? "repeated SYN" : reason;
}

/** 3.3 and 3.11: a new flow. A packet that earns a ban is itself too late. */
function reasonToBegin(past: Past, door: Door, { packet, at, n }: Arrival): Reason {
  const { source } = packet;
  if (isTrusted(past.policy, source)) return "trusted";
  if (isBanned(past, source, n + 1, at)) return "banned";
  return holdsGrant(past, door, source, n, at) ? "grant" : "no grant";
}

/** 3.4: a segment whose flags cannot be read belongs to no connection. */
function reasonToContinue(past: Past, door: Door, arrival: Arrival): Reason {
  const { packet, n, at } = arrival;
  const { content, source } = packet;
  if (content.protocol !== "tcp" || content.flags === undefined) return "no connection";
  if (content.socket === "connection") return "connection";
  if (isTrusted(past.policy, source)) return "trusted";
  const passed = content.socket === "none" ? passedSince(past, door, arrival) : [];
  const begun = beginningOf(past, door, arrival);
  const { isLiving, lastAt } = lifeOf(past, door, begun, passed, n);
  if (isLiving && at - lastAt < ESTABLISHED_SECONDS) return "connection";
  if (isBanned(past, source, n + 1, at)) return "banned";
  if (at - lastAt < CLOSING_SECONDS || isOpening(past, door, arrival)) return "connection";
  // The socket of a handshake whose SYN passed is not enough after `close`.
  const isKnown = content.socket === "half-open" && !hasBegunLately(past, door, arrival);
  return isKnown ? "connection" : "no connection";
}

/** 3.4: a SYN of the connection has passed by a grant that was not ended since, and nothing else. */
function isOpening(past: Past, door: Door, arrival: Arrival): boolean {
  return hasBegunLately(past, door, arrival) && hasBegun(past, door, arrival);
}

/** Whether a SYN of the connection has passed, and nothing else since. */
function hasBegunLately(past: Past, door: Door, arrival: Arrival): boolean {
  const begun = beginningOf(past, door, arrival);
  return (
    begun !== undefined &&
    arrival.at - begun.at < HANDSHAKE_SECONDS &&
    passedSince(past, door, arrival).length === 0
  );
}

/** Whether the source has begun a connection at the door, and nobody closed or banned it since. */
function hasBegun(past: Past, door: Door, { packet: { source }, at, n }: Arrival): boolean {
  const ended = eventsBefore(past, n).findLastIndex(
    (event) =>
      ((event.kind === "close" && event.door === door.name) || event.kind === "ban") &&
      (event.source === undefined || isSameSource(past.policy, event.source, source)),
  );
  return begunAt(past, door, n).some(
    (begun) =>
      begun.n > ended &&
      at - begun.at < HANDSHAKE_SECONDS &&
      isSameSource(past.policy, begun.packet.source, source),
  );
}

function begunAt(past: Past, door: Door, n: number): Arrival[] {
  return arrivalsBefore(past, n).filter(
    (arrival) =>
      asksForConnection(arrival.packet) &&
      doorOf(past.policy, arrival.packet) === door &&
      reasonFor(past, arrival.n) === "grant",
  );
}

/** The SYN that began the connection which a packet is of. */
function beginningOf(past: Past, door: Door, { packet, n }: Arrival): Arrival | undefined {
  return begunAt(past, door, n).findLast((begun) => isSameFlow(begun.packet, packet));
}

/** What else has passed of the connection. */
function passedSince(past: Past, door: Door, arrival: Arrival): Arrival[] {
  const begun = beginningOf(past, door, arrival);
  if (begun === undefined) return [];
  return arrivalsBefore(past, arrival.n).filter(
    ({ packet, n }) =>
      n > begun.n &&
      !asksForConnection(packet) &&
      isSameFlow(packet, arrival.packet) &&
      reasonFor(past, n) === "connection",
  );
}

/** 3.9: trusted sources need no session, and make none that a neighbour in their prefix could use. */
function hasSession(past: Past, door: Door, { packet, at, n }: Arrival): boolean {
  return arrivalsBefore(past, n).some(
    (earlier) =>
      at - earlier.at < door.sessionIdleSeconds &&
      earlier.packet.content.protocol === "udp" &&
      doorOf(past.policy, earlier.packet) === door &&
      isSameSource(past.policy, earlier.packet.source, packet.source) &&
      ["grant", "session"].includes(reasonFor(past, earlier.n)),
  );
}

/** 3.6: how many steps of the door's sequence a source has made; 0 where there is none. */
export function stageOf(past: Past, door: Door, source: Address, n: number, at: number): number {
  const stages = door.sequence?.steps.keys() ?? [];
  return [...stages].find((k) => k > 0 && isAtStage(past, door, source, k, { n, at })) ?? 0;
}

/**
 * 3.6: there is a knock that was step k, made at stage k - 1 and not too long ago, and since
 * then only such as do nothing at stage k.
 */
function isAtStage(
  past: Past,
  door: Door,
  source: Address,
  k: number,
  { n, at }: { readonly n: number; readonly at: number },
): boolean {
  if (k === 0) return stageOf(past, door, source, n, at) === 0;
  const { steps, withinSeconds } = sequenceOf(door);
  const knocks = knocksOf(past, door, source, n);
  return knocks.some(
    (made, index) =>
      at - made.at < withinSeconds &&
      isStep(made.packet, steps[k - 1]) &&
      knocks.slice(index + 1).every((later) => isRepeat(door, later.packet, k)) &&
      isAtStage(past, door, source, k - 1, made),
  );
}

/** 3.8: of all that makes a grant or ends it, the last counts. */
export function holdsGrant(
  past: Past,
  door: Door,
  source: Address,
  n: number,
  at: number,
): boolean {
  const last = eventsBefore(past, n).findLastIndex((_, i) => touchesGrant(past, door, source, i));
  const event = past.story[last];
  switch (event?.kind) {
    case "open":
      return at - event.at < event.forSeconds;
    case "packet":
      return makesGrant(past, door, source, last) && at - event.at < door.openForSeconds;
    default:
      return false;
  }
}

function touchesGrant(past: Past, door: Door, source: Address, n: number): boolean {
  const event = eventAt(past, n);
  switch (event.kind) {
    case "packet":
      return makesGrant(past, door, source, n) || usesGrantUp(past, door, source, n);
    case "open":
    case "close":
      return (
        event.door === door.name &&
        (event.source === undefined || isSameSource(past.policy, event.source, source))
      );
    default:
      return false;
  }
}

function makesGrant(past: Past, door: Door, source: Address, n: number): boolean {
  return spendsTokenFor(past, door, source, n) || makesLastStep(past, door, source, n);
}

function makesLastStep(past: Past, door: Door, source: Address, n: number): boolean {
  const knock = knocksOf(past, door, source, n + 1).find((arrival) => arrival.n === n);
  if (knock === undefined) return false;
  const { steps } = sequenceOf(door);
  const last = steps.length - 1;
  return isStep(knock.packet, steps[last]) && isAtStage(past, door, source, last, knock);
}

/** 6.3: whether event `n` is a packet of this source, and the first to show a token of the door. */
export function spendsTokenFor(
  past: Past,
  door: Door,
  source: Address,
  n: number,
  isOf = isSameSource,
): boolean {
  const event = eventAt(past, n);
  if (event.kind !== "packet" || door.token === undefined) return false;
  if (!isOf(past.policy, event.packet.source, source)) return false;
  return once(past, `spends ${door.name} ${n}`, () =>
    eventsBefore(past, n).some(
      (load, loaded) =>
        load.kind === "load" &&
        load.door === door.name &&
        event.at - load.at < load.forSeconds &&
        isShown(past, door, load, n) &&
        !eventsBefore(past, n).some((_, m) => m > loaded && isShown(past, door, load, m)),
    ),
  );
}

/** Whether event `n` is a packet that is for the door and shows what was loaded. */
function isShown(
  { policy, story }: Past,
  door: Door,
  { carrier, token }: { readonly carrier: Carrier; readonly token: Uint8Array },
  n: number,
): boolean {
  const event = story[n];
  return (
    event?.kind === "packet" &&
    isGated(policy, event.packet) &&
    isForDestinationOf(door, event.packet) &&
    shows(event.packet, carrier, token)
  );
}

function usesGrantUp(past: Past, door: Door, source: Address, n: number): boolean {
  const { packet } = arrivalAt(past, n);
  return (
    door.singleUse &&
    doorOf(past.policy, packet) === door &&
    isSameSource(past.policy, packet.source, source) &&
    reasonFor(past, n) === "grant"
  );
}

/** 3.11 */
export function isBanned(past: Past, source: Address, n: number, at: number): boolean {
  return isBannedByHand(past, source, n, at) || isBannedForWrongSteps(past, source, n, at);
}

function isBannedByHand(past: Past, source: Address, n: number, at: number): boolean {
  const last = eventsBefore(past, n).findLast(
    (event) =>
      (event.kind === "ban" || event.kind === "unban") &&
      isBannedWith(past.policy, event.source, source),
  );
  return last?.kind === "ban" && (last.forSeconds === undefined || at - last.at < last.forSeconds);
}

/**
 * Wrong steps count together that come within a time of the first of them; enough of them ban,
 * until the source proves who it is.
 */
function isBannedForWrongSteps(past: Past, source: Address, n: number, at: number): boolean {
  const { ban, doors } = past.policy;
  if (ban === undefined) return false;
  let counted: Arrival[] = [];
  let last: Arrival | undefined;
  for (const wrong of wrongStepsOf(past, source, n)) {
    const first = counted[0] ?? wrong;
    counted = wrong.at - first.at < ban.withinSeconds ? [...counted, wrong] : [wrong];
    if (counted.length < ban.after) continue;
    last = wrong;
    counted = [];
  }
  if (last === undefined || at - last.at >= ban.forSeconds) return false;
  const banned = last.n;
  return !eventsBefore(past, n).some(
    (_, m) =>
      m >= banned && doors.some((door) => spendsTokenFor(past, door, source, m, isBannedWith)),
  );
}

/** What started attempts over, at any door, of sources that one ban covers, since the last pardon. */
function wrongStepsOf(past: Past, source: Address, n: number): Arrival[] {
  const pardon = eventsBefore(past, n).findLastIndex(
    (event) => event.kind === "unban" && isBannedWith(past.policy, event.source, source),
  );
  return past.policy.doors
    .flatMap((door) =>
      knocksOf(past, door, source, n, isBannedWith).filter((knock) => isWrong(past, door, knock)),
    )
    .filter((knock) => knock.n > pardon)
    .sort((a, b) => a.n - b.n);
}

/** 3.6: a knock that takes its source back to stage 0. */
function isWrong(past: Past, door: Door, { packet, n, at }: Arrival): boolean {
  const k = stageOf(past, door, packet.source, n, at);
  return k > 0 && !isStep(packet, sequenceOf(door).steps[k]) && !isRepeat(door, packet, k);
}

function knocksOf(
  past: Past,
  door: Door,
  source: Address,
  n: number,
  isOf = isSameSource,
): readonly Arrival[] {
  return once(past, `knocks ${isOf.name} ${door.name} ${source.bits} ${source.family} ${n}`, () =>
    arrivalsBefore(past, n).filter(
      ({ packet }) =>
        isKnock(past.policy, door, packet) && isOf(past.policy, packet.source, source),
    ),
  );
}
