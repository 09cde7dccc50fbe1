/** Who is connected now and would not come in again. */
import { compilePolicy } from "../../compile/index.ts";
import type { Packet } from "../../model/packet.ts";
import { type Prefix, prefixOf, printAddress, printPrefix } from "../../policy/address.ts";
import { exampleInterface } from "../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { DoorPlaces } from "../../policy/places.ts";
import type { Door, Policy } from "../../policy/policy.ts";
import type { Place, Problem } from "../../problem/problem.ts";
import { emptyState, runPacket } from "../../program/index.ts";
import { holdsPort } from "./ports.ts";
import type { Arrival, Surroundings } from "./surroundings.ts";
import { enumerated, warning } from "./words.ts";

export function checkConnected(
  { policy, places }: PlacedPolicy,
  { session, others }: Surroundings,
): Problem[] {
  return policy.doors.flatMap((door, index) => {
    const mine = refusedAt(policy, door, session === undefined ? [] : [session]);
    const theirs = refusedAt(policy, door, others);
    const at = places.doors[index];
    return [
      ...mine.map((arrival) => aboutYou(policy, door, arrival, placeOf(door, at, arrival))),
      ...(theirs.length === 0 ? [] : [aboutOthers(door, theirs, at?.name)]),
    ];
  });
}

/** Those whose first packet the door would refuse, were it to come now and from a stranger. */
function refusedAt(policy: Policy, door: Door, arrivals: readonly Arrival[]): Arrival[] {
  const toPorts = arrivals.filter((arrival) => serviceOf(door, arrival) >= 0);
  if (toPorts.length === 0) return [];
  const program = compilePolicy({ ...policy, doors: [door] });
  return toPorts.filter(
    (arrival) => runPacket(program, emptyState(), synOf(policy, arrival), 0).outcome !== "pass",
  );
}

/** The first packet of it. What nobody can tell is taken for what a door would refuse. */
export function synOf({ interfaces }: Policy, arrival: Arrival): Packet {
  const { source, sourcePort, destination, destinationPort, destined } = arrival;
  const ports = { sourcePort, destinationPort };
  return {
    ...{ source, destination, destined },
    interface: arrival.interface ?? exampleInterface(interfaces),
    content: { protocol: "tcp", ...ports, flags: ["syn"], sequenceNumber: 0, socket: "none" },
  };
}

function serviceOf({ protects }: Door, { destinationPort }: Arrival): number {
  return protects.findIndex(
    ({ protocol, ports }) => protocol === "tcp" && holdsPort(ports, destinationPort),
  );
}

function placeOf(door: Door, at: DoorPlaces | undefined, arrival: Arrival): Place | undefined {
  return at?.protects[serviceOf(door, arrival)] ?? at?.name;
}

function aboutYou(policy: Policy, door: Door, arrival: Arrival, place: Place | undefined): Problem {
  const source = printAddress(arrival.source);
  const to = `tcp/${arrival.destinationPort} of ${printAddress(arrival.destination)}`;
  const trust = `trust yourself: \`${trustedWith(policy, prefixOf(arrival.source))}\``;
  const came = `your SSH session came from ${source} to ${to}, where door ${door.name} stands`;
  if (hasKnock(door)) {
    const what = `${came}: it goes on, and a new one needs the knock`;
    const fix = `before you end it, knock from ${source} and begin a second one; or ${trust}`;
    return warning("you-must-knock", place, what, fix);
  }
  const what = `${came}, which no knock opens: you could not come in again`;
  const fix = `give the door a \`sequence\`, a \`token\` or \`signed\`, or ${trust}`;
  return { ...warning("locks-you-out", place, what, fix), severity: "error" };
}

function hasKnock({ sequence, token, signed }: Door): boolean {
  return [sequence, token, signed].some((way) => way !== undefined);
}

/** The line of a policy, with all that it has now. */
function trustedWith({ trusted }: Policy, more: Prefix): string {
  return `trusted: [${[...trusted, more].map(printPrefix).join(", ")}]`;
}

function aboutOthers(door: Door, refused: readonly Arrival[], place: Place | undefined): Problem {
  const { length } = refused;
  const sources = enumerated(refused.map(({ source }) => printAddress(source)));
  const count = length === 1 ? "one connection" : `${length} connections`;
  const [goOn, theNew] = length === 1 ? ["it goes on", "a new one"] : ["they go on", "new ones"];
  const [end, fix] = hasKnock(door)
    ? [`${length === 1 ? "needs" : "need"} the knock`, "tell them how to knock"]
    : ["will be refused", "open the door to them with `postern open` when they need it"];
  return warning(
    "others-must-knock",
    place,
    `${count} through door ${door.name} from ${sources}: ${goOn}, and ${theNew} ${end}`,
    `${fix}, or add them to \`trusted\``,
  );
}
