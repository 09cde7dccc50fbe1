/** Whether a rule sends packets to the very service that a door protects. */
import { prefixHolds } from "../../../policy/address.ts";
import type { Door, Service } from "../../../policy/policy.ts";
import { isLoopback } from "../../listeners.ts";
import { isAt, type Ports, portsMeet } from "../ports.ts";
import type { Layout } from "../surroundings.ts";
import { type Arrivals, arrivalsOf, isGuarded, ownAddresses } from "./arrivals.ts";
import { commonPorts, type Span, spanHasAddress, spanHolds, spanOf, spansMeet } from "./packets.ts";
import type { Target, Translation } from "./translation.ts";

/** What a door protects where a rule sends packets to. */
export interface Goal {
  readonly ports: readonly Ports[];
  /** Whether the place is surely that of the door's service. */
  readonly isCertain: boolean;
  /** Whether it may be another's service by the same port. */
  readonly isGuess?: boolean;
}

export function goalsOf(
  door: Door,
  service: Service,
  translation: Translation,
  arrivals: Arrivals,
  layout: Layout,
): Goal[] {
  const { to } = translation.target;
  const ports = [service.ports];
  if (isHere(translation.target, layout)) return goalsHere(door, to, ports, layout);
  if (to === undefined) return [];
  const meant = door.destinations.map(spanOf).filter((span) => spansMeet(span, to));
  if (meant.length > 0) return [{ ports, isCertain: meant.some((span) => spanHolds(span, to)) }];
  const published = goalsPublished(door, service, translation, to, layout);
  if (published.length > 0 || arrivals.isHere || door.destinations.length > 0) return published;
  // The same port of another host, of an address that nobody named: it may be what is meant.
  return translation.target.ports === undefined ||
    portsMeet(translation.target.ports, service.ports)
    ? [guess(ports, isServedHere(door, service, translation, layout))]
    : [];
}

function guess(ports: readonly Ports[], isServed: boolean): Goal {
  return { ports, isCertain: !isServed, isGuess: isServed };
}

function isHere({ to }: Target, layout: Layout): boolean {
  if (to === undefined) return true;
  return ownAddresses(layout).some((address) => spanHasAddress(to, address));
}

function goalsHere(
  { destinations }: Door,
  to: Span | undefined,
  ports: readonly Ports[],
  layout: Layout,
): Goal[] {
  if (destinations.length === 0) return [{ ports, isCertain: true }];
  const own = ownAddresses(layout)
    .filter((address) => (to === undefined ? !isLoopback(address) : spanHasAddress(to, address)))
    .map((address) => destinations.some((prefix) => prefixHolds(prefix, address)));
  return own.includes(true) ? [{ ports, isCertain: !own.includes(false) }] : [];
}

/** Where the door is before other rules that send packets to the same host. */
function goalsPublished(
  door: Door,
  service: Service,
  translation: Translation,
  to: Span,
  layout: Layout,
): Goal[] {
  return layout.translations
    .filter((other) => other !== translation && isJudgedBy(door, service, other, layout))
    .filter(({ target }) => target.to !== undefined && spansMeet(target.to, to))
    .map(({ packets, target }) => ({
      ports:
        target.ports === undefined ? commonPorts(packets.ports, [service.ports]) : [target.ports],
      isCertain: !packets.isDoubtful,
    }));
}

/** Whether the door is before the packets of a rule. */
function isJudgedBy(
  door: Door,
  { protocol, ports }: Service,
  { packets }: Translation,
  layout: Layout,
): boolean {
  return (
    packets.protocols.includes(protocol) &&
    packets.ports?.some((part) => portsMeet(part, ports)) === true &&
    arrivalsOf(packets, layout).some((arrivals) => isGuarded(door, arrivals, layout))
  );
}

/** Whether the door has something else to protect by that service, or nobody can tell. */
function isServedHere(
  door: Door,
  service: Service,
  translation: Translation,
  layout: Layout,
): boolean {
  return (
    layout.listeners?.some((one) => !one.isLoopback && isAt(one, service)) !== false ||
    layout.translations.some(
      (other) => other !== translation && isJudgedBy(door, service, other, layout),
    )
  );
}
