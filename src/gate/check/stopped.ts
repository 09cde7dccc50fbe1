/** Whether another firewall of this host would stop those for whom a door is open. */
import type { PlacedPolicy } from "../../policy/parse.ts";
import { printService } from "../../policy/value/service.ts";
import type { Problem } from "../../problem/problem.ts";
import { stoppersOf } from "./firewalls/stoppers.ts";
import { isBeforeThisHost } from "./listening.ts";
import { isAt } from "./ports.ts";
import type { Surroundings } from "./surroundings.ts";
import { warning } from "./words.ts";

export function checkStopped({ policy, places }: PlacedPolicy, around: Surroundings): Problem[] {
  const { otherRules, listeners = [] } = around;
  return policy.doors.flatMap((door, doorIndex) =>
    !isBeforeThisHost(door, around)
      ? []
      : door.protects
          .filter((service) =>
            listeners.some((listener) => !listener.isLoopback && isAt(listener, service)),
          )
          .flatMap((service) =>
            stoppersOf(otherRules, service).map(({ name, remedy, lasts }) =>
              warning(
                "stopped-elsewhere",
                places.doors[doorIndex]?.protects[door.protects.indexOf(service)],
                `${name} lets nobody through to ${printService(service)}, which door ${door.name} protects, also when the door is open`,
                `\`${remedy}\` opens the port there${lasts ? "" : " (and what loads those rules has to say so, too)"}; the door goes on keeping out who has not knocked`,
              ),
            ),
          ),
  );
}
