/** Whether anything listens behind the doors, and where. */
import { prefixHolds, printAddress, widthOf } from "../../policy/address.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door, Service } from "../../policy/policy.ts";
import { printService } from "../../policy/value/service.ts";
import type { Place, Problem } from "../../problem/problem.ts";
import type { Listener } from "../listeners.ts";
import { isAt, portsMeet } from "./ports.ts";
import { isSame, type Layout } from "./surroundings.ts";
import { enumerated, nameProcess, warning } from "./words.ts";

export function checkListening({ policy, places }: PlacedPolicy, layout: Layout): Problem[] {
  const { listeners } = layout;
  if (listeners === undefined) return [];
  return policy.doors.flatMap((door, doorIndex) =>
    !isBeforeThisHost(door, layout)
      ? []
      : door.protects.flatMap((service, index) => {
          const place = places.doors[doorIndex]?.protects[index];
          const there = listeners.filter(
            (listener) => isAt(listener, service) && isBehind(listener, door),
          );
          return [
            ...checkSilence(door, service, place, there, layout),
            ...checkBound(place, there),
          ];
        }),
  );
}

/** Otherwise the service is another host's, which cannot be asked. */
export function isBeforeThisHost({ destinations }: Door, { addresses }: Layout): boolean {
  return destinations.every(
    ({ first, length }) =>
      length === widthOf(first.family) &&
      addresses?.some((address) => isSame(address, first)) === true,
  );
}

function isBehind({ isEveryAddress, address }: Listener, { destinations }: Door): boolean {
  if (isEveryAddress || destinations.length === 0) return true;
  return destinations.some((prefix) => prefixHolds(prefix, address));
}

function checkSilence(
  { name }: Door,
  service: Service,
  place: Place | undefined,
  there: readonly Listener[],
  { published }: Layout,
): Problem[] {
  if (there.some(({ isLoopback }) => !isLoopback)) return [];
  const isPublished = published.some(
    ({ protocol, ports }) => protocol === service.protocol && portsMeet(ports, service.ports),
  );
  if (isPublished) return [];
  const which = `${printService(service)}, which door ${name} protects`;
  const [local] = there;
  if (local === undefined) {
    const what = `nothing listens on ${which}`;
    const fix =
      "start the service or correct the port; one that is published for a container needs no listener";
    return [warning("nothing-listens", place, what, fix)];
  }
  const what = `${nameProcess(local)} listens on loopback alone at ${which}: nobody from outside can reach it`;
  const fix = "let it listen on an address of this host, or take the port out of the policy";
  return [warning("nothing-listens", place, what, fix)];
}

function checkBound(place: Place | undefined, there: readonly Listener[]): Problem[] {
  const bound = there.filter(
    ({ protocol, isEveryAddress, isLoopback }) =>
      protocol === "tcp" && !isEveryAddress && !isLoopback,
  );
  if (bound.length === 0) return [];
  const names = new Set(bound.map(nameProcess));
  const ends = bound.map(({ port, address }) => `tcp/${port} of ${printAddress(address)}`);
  const what = `${enumerated(names)} ${names.size === 1 ? "is" : "are"} bound to ${enumerated(ends)}: \`apply\` notes such addresses, and a scan with FIN or ACK finds the service at one that is new since`;
  const fix = "apply again whenever these addresses change, or let it listen on every address";
  return [warning("bound-listener", place, what, fix)];
}
