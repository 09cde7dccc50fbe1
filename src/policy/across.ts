/**
 * What no single key can show: problems between the keys of a door and between doors.
 */

import type { Problem } from "../problem/problem.ts";
import { prefixesMeet } from "./address.ts";
import type { DOOR } from "./keys.ts";
import type { DoorName, Service, Step } from "./policy.ts";
import type { Named } from "./shape/named.ts";
import type { Located } from "./shape/shape.ts";
import { rangesMeet } from "./value/port.ts";
import { printService } from "./value/service.ts";
import { printStep } from "./value/step.ts";
import { problemAt } from "./value/written.ts";

/** A door as far as it could be read. */
export type DraftDoor = Named<DoorName, (typeof DOOR)["keys"]>;

/** A service and the door that protects it, in the order of the file. */
interface Claim {
  readonly door: DraftDoor;
  readonly service: Service;
  readonly item: Located<Service>;
  readonly index: number;
}

export function checkAcross(doors: readonly DraftDoor[]): Problem[] {
  const claims = doors.flatMap((door) =>
    (door.content.protects.value ?? []).map((item) => ({ door, service: item.value, item })),
  );
  const indexed = claims.map((claim, index) => ({ ...claim, index }));
  return [
    ...doors.flatMap(checkSessionIdle),
    ...checkProtectedTwice(indexed),
    ...doors.flatMap((door) => checkSteps(door, indexed)),
  ];
}

function checkSessionIdle(door: DraftDoor): Problem[] {
  const { protects, "session-idle": idle } = door.content;
  const udp = protects.value?.some(({ value }) => value.protocol === "udp") ?? false;
  if (idle.place === undefined || udp || !protects.sound) return [];
  const what = `\`session-idle\` is about UDP, and door ${door.value} protects no UDP port`;
  return [problemAt(idle.place, "no-udp", what, "leave it out, or protect udp/PORT")];
}

/** Goes up the ports and compares each service only with those that have not ended yet. */
function checkProtectedTwice(claims: readonly Claim[]): Problem[] {
  const problems: Problem[] = [];
  let reaching: Claim[] = [];
  for (const claim of claims.toSorted(
    (a, b) => a.service.ports.first - b.service.ports.first || a.index - b.index,
  )) {
    reaching = reaching.filter((other) => other.service.ports.last >= claim.service.ports.first);
    const rival = reaching.find((other) => areRivals(claim, other));
    if (rival === undefined) reaching.push(claim);
    else problems.push(protectedTwice(claim, rival));
  }
  return problems;
}

function areRivals(a: Claim, b: Claim): boolean {
  if (a.service.protocol !== b.service.protocol || !rangesMeet(a.service.ports, b.service.ports))
    return false;
  return a.door === b.door || destinationsMeet(a.door, b.door);
}

function destinationsMeet(a: DraftDoor, b: DraftDoor): boolean {
  const [ours, theirs] = [a.content.destinations, b.content.destinations];
  if (!ours.sound || !theirs.sound) return false;
  // Without destinations a door is in front of every address of the host.
  if (ours.place === undefined || theirs.place === undefined) return true;
  return (ours.value ?? []).some(({ value }) =>
    (theirs.value ?? []).some((other) => prefixesMeet(value, other.value)),
  );
}

function protectedTwice(a: Claim, b: Claim): Problem {
  const [first, second] = a.index < b.index ? [a, b] : [b, a];
  const port = printService(second.service);
  const line = first.item.place.line;
  if (first.door === second.door) {
    const what = `${port} is protected by this door already, as ${printService(first.service)}`;
    return problemAt(second.item.place, "protected-twice", what, "remove one of the two");
  }
  const what = `door ${second.door.value} protects ${port}, as door ${first.door.value} does on line ${line}`;
  const fix = "remove it from one of them, or give both `destinations` with no address in common";
  return problemAt(second.item.place, "protected-twice", what, fix);
}

/** To a protected port goes no knock: the door refuses it, and what is refused must not count. */
function checkSteps(door: DraftDoor, claims: readonly Claim[]): Problem[] {
  const steps = door.content.sequence.value?.steps.value ?? [];
  return steps.flatMap(({ value: step, place }) => {
    const claim = claims.find(({ service }) => isStepOn(step, service));
    if (claim === undefined) return [];
    const what = `${printStep(step)} is a port that door ${claim.door.value} protects`;
    return [problemAt(place, "protected-step", what, "choose a port that no door protects")];
  });
}

function isStepOn(step: Step, { protocol, ports }: Service): boolean {
  if (step.kind === "ping") return false;
  if (step.protocol !== "either" && step.protocol !== protocol) return false;
  return ports.first <= step.port && step.port <= ports.last;
}
