/** Rules of others that send packets to a protected service which its door has not judged. */
import { printAddress, printPrefix } from "../../policy/address.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import { printService } from "../../policy/value/service.ts";
import type { Problem } from "../../problem/problem.ts";
import { isLoopback } from "../listeners.ts";
import { isGuarded, ownAddresses } from "./nat/arrivals.ts";
import type { Protocol } from "./nat/packets.ts";
import { type WayAround, wayAround, without } from "./nat/way-around.ts";
import type { Ports } from "./ports.ts";
import type { Layout } from "./surroundings.ts";
import { enumerated, warning } from "./words.ts";

export function checkAroundNat({ policy, places }: PlacedPolicy, layout: Layout): Problem[] {
  return policy.doors.flatMap((door, doorIndex) =>
    door.protects.flatMap((service, index) =>
      layout.translations.flatMap((translation) => {
        const way = wayAround(policy, door, service, translation, layout);
        if (way === undefined) return [];
        const place = places.doors[doorIndex]?.protects[index];
        const problem = warning("nat-around-door", place, wordsOf(way), remedyOf(way, layout));
        return [way.isCertain ? { ...problem, severity: "error" as const } : problem];
      }),
    ),
  );
}

function wordsOf(way: WayAround): string {
  const { door, service, translation, arrivals, ports, isGuess, otherDoors } = way;
  const { target, rule } = translation;
  const { protocol } = service;
  const of = target.to === undefined ? "of this host" : `of ${target.to.text}`;
  const sentTo = target.ports === undefined ? ports : [target.ports];
  const sent = `${rule} sends ${printPorts(protocol, ports)}${arrivals.words} to ${printPorts(protocol, sentTo)} ${of}`;
  if (isGuess) {
    return `${sent}: door ${door.name} protects ${printService(service)} of this host, and not that`;
  }
  const behind = `${sent}, which door ${door.name} protects`;
  const names = enumerated(otherDoors.map(({ name }) => name));
  return otherDoors.length > 0
    ? `${behind}: who may use door ${names} reaches it without a knock at ${door.name}`
    : `${behind}: ${openness(way)}`;
}

function openness({ translation: { packets }, isCertain }: WayAround): string {
  const { from, by } = packets;
  const whose = [
    ...(from === undefined ? [] : [` from ${from}`]),
    ...(by === undefined ? [] : [` by interface ${by}`]),
  ];
  const who = whose.length === 0 ? "" : ` to packets${whose.join("")}`;
  const isSure = isCertain || (whose.length > 0 && !packets.isDoubtful);
  return `it ${isSure ? "is" : "may be"} open there without a knock${who}`;
}

function printPorts(protocol: Protocol, ports: readonly Ports[] | undefined): string {
  if (ports === undefined) return `every ${protocol} port`;
  return enumerated(ports.map((part) => printPart(protocol, part)));
}

function printPart(protocol: Protocol, { first, last }: Ports): string {
  return `${protocol}/${first === last ? first : `${first}-${last}`}`;
}

function remedyOf(way: WayAround, layout: Layout): string {
  const { door, translation, otherDoors, isGuess } = way;
  const remove = `delete the rule, also where it is loaded from: \`${translation.undo}\``;
  const keys = [...protectsWith(way), ...destinationsWith(way, layout)];
  if (keys.length === 0 || otherDoors.length > 0) return remove;
  const judge = `let door ${door.name} judge those packets too: ${keys.join(" and ")}`;
  if (!isGuess) return `${judge}; or ${remove}`;
  return `${judge}; or say that it is for this host alone: ${destinationsOf(ownTexts(layout))}`;
}

/** The line of a policy, with all that it has now. */
function protectsWith({ door, service, ports }: WayAround): string[] {
  const { protocol } = service;
  const more = (without(ports, [door], protocol) ?? []).map((part) => printPart(protocol, part));
  if (more.length === 0) return [];
  return [`\`protects: [${[...door.protects.map(printService), ...more].join(", ")}]\``];
}

/** The same; a door without such a line is before every address of the host. */
function destinationsWith({ door, arrivals, ports }: WayAround, layout: Layout): string[] {
  if (isGuarded(door, arrivals, layout) || ports === undefined) return [];
  const now = door.destinations.length > 0 ? door.destinations.map(printPrefix) : ownTexts(layout);
  return [destinationsOf([...now, ...arrivals.texts])];
}

function ownTexts(layout: Layout): string[] {
  return ownAddresses(layout)
    .filter((address) => !isLoopback(address))
    .map(printAddress);
}

function destinationsOf(texts: readonly string[]): string {
  return `\`destinations: [${texts.join(", ")}]\``;
}
