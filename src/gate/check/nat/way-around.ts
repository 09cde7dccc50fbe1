/** How a rule of others leads to a protected service past its door. */
import type { Door, Policy, Service } from "../../../policy/policy.ts";
import { type Ports, portsMeet } from "../ports.ts";
import type { Layout } from "../surroundings.ts";
import { type Arrivals, arrivalsOf, isGuarded } from "./arrivals.ts";
import { commonPorts, type Protocol, portsWithout } from "./packets.ts";
import { type Goal, goalsOf } from "./target.ts";
import type { Translation } from "./translation.ts";

/** By which the service is reached past its door. */
export interface WayAround {
  readonly door: Door;
  readonly service: Service;
  readonly translation: Translation;
  readonly arrivals: Arrivals;
  /** To which packets go that take it; undefined: any. */
  readonly ports: readonly Ports[] | undefined;
  readonly isCertain: boolean;
  /** Whether it may be another's service by the same port. */
  readonly isGuess: boolean;
  /** Whose grant or trust packets need that take it. */
  readonly otherDoors: readonly Door[];
}

/** The first of the ways by which a rule leads past the door, if there is one. */
export function wayAround(
  policy: Policy,
  door: Door,
  service: Service,
  translation: Translation,
  layout: Layout,
): WayAround | undefined {
  const { packets } = translation;
  if (!packets.protocols.includes(service.protocol)) return undefined;
  const ways = arrivalsOf(packets, layout).flatMap((arrivals) => {
    const isBefore = (one: Door) => isGuarded(one, arrivals, layout);
    const judging = isBefore(door) ? [door] : [];
    const others = policy.doors.filter((one) => one !== door && isBefore(one));
    return goalsOf(door, service, translation, arrivals, layout).flatMap((goal): WayAround[] => {
      const ports = without(portsTo(translation, goal), judging, service.protocol);
      if (ports?.length === 0) return [];
      const isOpen = without(ports, others, service.protocol)?.length !== 0;
      const isKnown = packets.to === undefined || layout.addresses !== undefined;
      const isCertain =
        isKnown && goal.isCertain && isOpen && isUnlimited(policy, translation, goal);
      const otherDoors = isOpen ? [] : others;
      const { isGuess = false } = goal;
      return [{ door, service, translation, arrivals, ports, isCertain, isGuess, otherDoors }];
    });
  });
  return ways[0];
}

/** The ports from which the rule sends packets to the goal; undefined: all. */
function portsTo({ packets, target }: Translation, goal: Goal): readonly Ports[] | undefined {
  const { ports } = target;
  if (ports === undefined) return commonPorts(packets.ports, goal.ports);
  return goal.ports.some((one) => portsMeet(one, ports)) ? packets.ports : [];
}

/** Whether whoever sends such packets gets there. */
function isUnlimited({ interfaces }: Policy, { packets, target }: Translation, goal: Goal) {
  const { isDoubtful, from, by } = packets;
  const { ports } = target;
  // Of several ports one is chosen.
  const isAim =
    ports === undefined || goal.ports.some((one) => portsWithout(ports, [one]).length === 0);
  return (
    isAim && !isDoubtful && from === undefined && (by === undefined || interfaces.length === 0)
  );
}

/** The ports that none of the doors protects; undefined: any. */
export function without(
  ports: readonly Ports[] | undefined,
  doors: readonly Door[],
  protocol: Protocol,
): Ports[] | undefined {
  const taken = doors
    .flatMap(({ protects }) => protects)
    .filter((service) => service.protocol === protocol)
    .map((service) => service.ports);
  return ports?.flatMap((part) => portsWithout(part, taken));
}
