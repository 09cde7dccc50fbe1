/** What the rules of a gate depend on besides its policy: where the host's services listen. */
import type { Surroundings } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import { type Address, printAddress, widthOf } from "../policy/address.ts";
import type { Door, Policy } from "../policy/policy.ts";
import { readAddresses } from "./check/addresses.ts";
import { readPrintedRules, translationsIn } from "./check/nat/read.ts";
import type { Service } from "./check/ports.ts";
import { mayBeHandedOn } from "./check/published.ts";
import type { BoundSockets } from "./sockets.ts";

/** @param sockets as `readBoundSockets` has found them. */
export async function readAround(
  host: Host,
  policy: Policy,
  { listeners, served }: BoundSockets,
): Promise<Surroundings> {
  const doors = policy.doors.filter((door) => tcpServicesOf(door).length > 0);
  if (doors.length === 0) return { bound: listeners, elsewhere: [] };
  const translations = translationsIn(await readPrintedRules(host));
  const own = doors.some(hasDestinations) ? ((await readAddresses(host)) ?? []) : [];
  const isElsewhere = (door: Door) =>
    !endsHere(door, own) ||
    tcpServicesOf(door).some(
      (service) => mayBeHandedOn(service, translations) || !isServed(service, served),
    );
  return {
    bound: listeners,
    elsewhere: doors.filter(isElsewhere).map(({ name }) => name),
  };
}

function tcpServicesOf({ protects }: Door): Service[] {
  return protects.filter(({ protocol }) => protocol === "tcp");
}

function hasDestinations({ destinations }: Door): boolean {
  return destinations.length > 0;
}

function endsHere({ destinations }: Door, own: readonly Address[]): boolean {
  const names = new Set(own.map(printAddress));
  return destinations.every(
    ({ first, length }) => length === widthOf(first.family) && names.has(printAddress(first)),
  );
}

/** What is to be there later may be a container, which has a listener only in front of it. */
function isServed({ ports }: Service, served: ReadonlySet<number>): boolean {
  for (let port = ports.first; port <= ports.last; port += 1) {
    if (!served.has(port)) return false;
  }
  return true;
}
