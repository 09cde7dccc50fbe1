/** What else comes to the ports of a sequence, beside knocks. */
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { DoorPlaces } from "../../policy/places.ts";
import type { Door, Sequence, Step } from "../../policy/policy.ts";
import { printPortRange } from "../../policy/value/port.ts";
import { printStep } from "../../policy/value/step.ts";
import type { Place, Problem } from "../../problem/problem.ts";
import type { Listener } from "../listeners.ts";
import type { Remedy } from "./moving.ts";
import { asksFrom, holdsPort, isAt, type Ports } from "./ports.ts";
import type { Surroundings } from "./surroundings.ts";
import { enumerated, nameListener, nameProcess, warning } from "./words.ts";

export function checkWatching(
  { policy, places }: PlacedPolicy,
  around: Surroundings,
  remedy: Remedy,
): Problem[] {
  return policy.doors.flatMap((door, index) => {
    const { sequence } = door;
    const at = places.doors[index];
    if (sequence === undefined) return [];
    const met = (around.listeners ?? []).filter((listener) => isOthers(listener, door));
    return [
      ...checkEphemeral(door, sequence, at, around, remedy),
      ...sequence.steps.flatMap((step, n) => checkStep(door, step, at?.steps[n], met)),
      ...checkRange(door, sequence, placeOf(at), met),
    ];
  });
}

/** Who comes to the door itself has knocked, or is refused. */
function isOthers(listener: Listener, { protects }: Door): boolean {
  return !listener.isLoopback && !protects.some((service) => isAt(listener, service));
}

function placeOf(at: DoorPlaces | undefined): Place | undefined {
  return at?.watch ?? at?.steps[0] ?? at?.name;
}

function checkEphemeral(
  door: Door,
  sequence: Sequence,
  at: DoorPlaces | undefined,
  { ephemeral }: Surroundings,
  remedy: Remedy,
): Problem[] {
  const { range } = ephemeral;
  const { watch, steps } = sequence;
  if (range === undefined) return [];
  const asked = (ports: Ports) => asksFrom(ephemeral, ports);
  const step = steps.find((one) => takesUdp(one) && asked({ first: one.port, last: one.port }));
  const inWatch = watch !== undefined && asked(watch);
  if (!inWatch && step === undefined) return [];
  const which =
    inWatch || step === undefined
      ? `the watch range${watch === undefined ? "" : ` ${printPortRange(watch)}`}`
      : `the step ${printStep(step)}`;
  const what = `${which} of door ${door.name} meets the ports that this host asks from (${range.first}-${range.last}): an answer over UDP from somebody who is knocking starts them over`;
  return [warning("watch-over-ephemeral", placeOf(at), what, remedy(door, sequence))];
}

/** Of TCP, answers do not count: they ask for no connection. */
function takesUdp(step: Step): step is Extract<Step, { kind: "port" }> {
  return step.kind === "port" && step.protocol !== "tcp";
}

function checkStep(
  { name }: Door,
  step: Step,
  place: Place | undefined,
  listeners: readonly Listener[],
): Problem[] {
  const there = listeners.filter((listener) => isStepAt(step, listener));
  const [first] = there;
  if (first === undefined) return [];
  const what = `${nameProcess(first)} listens on ${first.protocol}/${first.port}, a step of door ${name}: such a knock reaches it${first.protocol === "tcp" ? " and connects" : ""}, and its clients make the step`;
  return [warning("watch-over-service", place, what, "choose a port on which nothing listens")];
}

function isStepAt(step: Step, { protocol, port }: Listener): boolean {
  if (step.kind === "ping" || step.port !== port) return false;
  return step.protocol === "either" || step.protocol === protocol;
}

function checkRange(
  { name }: Door,
  { watch, steps }: Sequence,
  place: Place | undefined,
  listeners: readonly Listener[],
): Problem[] {
  const there = listeners.filter(
    (listener) =>
      watch !== undefined &&
      holdsPort(watch, listener.port) &&
      !steps.some((step) => isStepAt(step, listener)),
  );
  if (there.length === 0) return [];
  const names = new Set(there.map(nameListener));
  const [verb, whose] = names.size === 1 ? ["listens", "its"] : ["listen", "their"];
  const what = `${enumerated(names)} ${verb} in the watch range of door ${name}: a packet of ${whose} clients starts over a knock from the same address`;
  const fix = "move the sequence or the service; `ss -lntup` shows what listens";
  return [warning("watch-over-service", place, what, fix)];
}
