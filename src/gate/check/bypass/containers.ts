/** Containers with an address of their own on the wire, and a service that a door is meant to hide. */
import { type Address, printAddress } from "../../../policy/address.ts";
import type { PlacedPolicy } from "../../../policy/parse.ts";
import type { Service } from "../../../policy/policy.ts";
import { printService } from "../../../policy/value/service.ts";
import type { Place, Problem } from "../../../problem/problem.ts";
import { isAt } from "../ports.ts";
import { enumerated, warning } from "../words.ts";
import { isPastGate, nameChild } from "./guests.ts";
import type { Child } from "./namespaces.ts";
import type { Paths } from "./paths.ts";

/** Only of doors before every address of this host: others say which they mean. */
export function checkContainers({ policy, places }: PlacedPolicy, { children }: Paths): Problem[] {
  return policy.doors.flatMap(({ name, protects, destinations }, door) =>
    destinations.length > 0
      ? []
      : protects.flatMap((service, index) =>
          children
            .filter(({ link }) => isPastGate(link))
            .filter((child) => serves(child, service))
            .map((child) => notGated(name, service, child, places.doors[door]?.protects[index])),
        ),
  );
}

function serves({ listeners }: Child, service: Service): boolean {
  return listeners.some((listener) => !listener.isLoopback && isAt(listener, service));
}

function notGated(door: string, service: Service, child: Child, place: Place | undefined): Problem {
  const at = enumerated(child.addresses.map((address: Address) => printAddress(address)));
  return warning(
    "container-not-gated",
    place,
    `a container has ${at} by ${nameChild(child)}, and ${printService(service)} open there: door ${door} does not protect it, for packets to it do not pass the gate`,
    "run Postern in the container's network namespace if it is meant, too",
  );
}
