/**
 * What no single key can show: problems between the keys of a door and between doors.
 */
import type { Problem } from "../problem/problem.ts";
import { type Prefix, parsePrefix } from "./address.ts";
import { CARRIERS, type Carrier, printCarrier } from "./carriers.ts";
import { Ground, type Standing } from "./ground.ts";
import type { DOOR } from "./keys.ts";
import type { DoorName, Service, Step } from "./policy.ts";
import type { Named } from "./shape/named.ts";
import type { Located } from "./shape/shape.ts";
import { printService } from "./value/service.ts";
import { printStep } from "./value/step.ts";
import { problemAt } from "./value/written.ts";

/** A door as far as it could be read. */
export type DraftDoor = Named<DoorName, (typeof DOOR)["keys"]>;

/** A service and the door that protects it. */
interface Claim extends Standing {
  readonly door: DraftDoor;
  readonly item: Located<Service>;
  /** Its number in the order of the file. */
  readonly index: number;
}

export function checkAcross(doors: readonly DraftDoor[]): Problem[] {
  const claims = doors.flatMap(claimsOf).map((claim, index) => ({ ...claim, index }));
  return [
    ...checkProtectedTwice(claims.filter(({ item }) => item.value.protocol === "tcp")),
    ...checkProtectedTwice(claims.filter(({ item }) => item.value.protocol === "udp")),
    ...doors.flatMap((door) => [...checkSteps(door, claims), ...checkCarriers(door, claims)]),
  ];
}

const EVERYWHERE: readonly Prefix[] = ["0.0.0.0/0", "::/0"].flatMap(
  (text) => parsePrefix(text) ?? [],
);

function claimsOf(door: DraftDoor): Omit<Claim, "index">[] {
  const { protects, destinations } = door.content;
  const named = destinations.value?.map(({ value }) => value) ?? [];
  const prefixes = destinations.place === undefined ? EVERYWHERE : named;
  return (protects.value ?? []).map((item) => ({ door, item, ports: item.value.ports, prefixes }));
}

/** Each service against those before it; the claims are of one protocol. */
function checkProtectedTwice(claims: readonly Claim[]): Problem[] {
  const lengths = claims.flatMap(({ prefixes }) => prefixes.map(({ length }) => length));
  const ground = new Ground<Claim>(lengths);
  return claims
    .toSorted((a, b) => a.ports.first - b.ports.first || a.index - b.index)
    .flatMap((claim) => {
      const rival = ground.rivalOf(claim);
      if (rival !== undefined) return [protectedTwice(claim, rival)];
      ground.add(claim);
      return [];
    });
}

function protectedTwice(a: Claim, b: Claim): Problem {
  const [first, second] = a.index < b.index ? [a, b] : [b, a];
  const { place, value } = second.item;
  const service = printService(value);
  const other = printService(first.item.value);
  if (first.door === second.door) {
    const what = `${service} overlaps ${other === service ? "another" : other} of the same door`;
    return problemAt(place, "protected-twice", what, "remove one of the two, or join them");
  }
  const line = first.item.place.line;
  const what = `door ${second.door.value} protects ${service}, as door ${first.door.value} does on line ${line}`;
  const fix = "remove it from one of them, or give both `destinations` with no address in common";
  return problemAt(place, "protected-twice", what, fix);
}

/** A packet to a protected port is refused or starts a connection; a knock does neither. */
function checkSteps(door: DraftDoor, claims: readonly Claim[]): Problem[] {
  const steps = door.content.sequence.value?.steps.value ?? [];
  return steps.flatMap(({ value: step, place }) => {
    const claim = claims.find(({ item }) => isStepOn(step, item.value));
    if (claim === undefined) return [];
    const what = `${printStep(step)} is a port that door ${claim.door.value} protects`;
    return [problemAt(place, "protected-step", what, "choose a port that no door protects")];
  });
}

/** A door that is shut does not let a packet as far as the server that is to accept it. */
function checkCarriers(door: DraftDoor, claims: readonly Claim[]): Problem[] {
  const { token, signed } = door.content;
  const carriers: readonly Located<Carrier>[] = [
    ...(token.value?.carriers.value ?? []),
    ...(signed.value?.carriers.value ?? []),
  ];
  return carriers.flatMap(({ value: carrier, place }) => {
    const claim = claims.find(({ item }) => isCarriedTo(carrier, item.value));
    if (claim === undefined) return [];
    const what = `${printCarrier(carrier)} is a port that door ${claim.door.value} protects`;
    return [problemAt(place, "protected-carrier", what, "choose a port that no door protects")];
  });
}

function isCarriedTo(carrier: Carrier, { protocol, ports }: Service): boolean {
  if (carrier.kind === "ping" || CARRIERS[carrier.kind].protocol !== protocol) return false;
  return ports.first <= carrier.port && carrier.port <= ports.last;
}

function isStepOn(step: Step, { protocol, ports }: Service): boolean {
  if (step.kind === "ping") return false;
  if (step.protocol !== "either" && step.protocol !== protocol) return false;
  return ports.first <= step.port && step.port <= ports.last;
}
