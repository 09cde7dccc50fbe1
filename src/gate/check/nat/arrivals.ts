/** Where packets arrive that a rule translates, and whether a door is there. */
import { type Address, prefixHolds } from "../../../policy/address.ts";
import type { Door } from "../../../policy/policy.ts";
import type { Layout } from "../surroundings.ts";
import { enumerated } from "../words.ts";
import {
  type Packets,
  printSpan,
  type Span,
  spanHasAddress,
  spanHolds,
  spanOf,
} from "./packets.ts";

/** Packets to some addresses, which are this host's own or none of them is. */
export interface Arrivals {
  readonly isHere: boolean;
  /** Undefined: whichever are this host's. */
  readonly spans: readonly Span[] | undefined;
  /** ` of ADDRESS`, or nothing where it is this host's. */
  readonly words: string;
  /** What a policy would call the addresses; none where it need not. */
  readonly texts: readonly string[];
}

export function ownAddresses({ addresses }: Pick<Layout, "addresses">): readonly Address[] {
  return addresses ?? [];
}

/** One for those to this host, one for those to others. */
export function arrivalsOf({ to, isLocal }: Packets, layout: Layout): Arrivals[] {
  const here: Arrivals = { isHere: true, spans: undefined, words: "", texts: [] };
  // A rule that names no address is written for the host's own.
  if (to === undefined) return [here];
  const isOwn = (span: Span) =>
    ownAddresses(layout).some((address) => spanHasAddress(span, address));
  const isOwnAlone = (span: Span) => isOwn(span) && span.first === span.last;
  const [own, others] = [to.filter(isOwn), to.filter((span) => !isOwnAlone(span))];
  return [
    ...(isLocal || others.length === 0 ? [] : [elsewhere(others)]),
    ...(own.length === 0 ? [] : [{ ...here, spans: own }]),
  ];
}

function elsewhere(spans: readonly Span[]): Arrivals {
  const words = ` of ${enumerated(spans.map(({ text }) => text))}`;
  return { isHere: false, spans, words, texts: [...new Set(spans.flatMap(printSpan))] };
}

/** Whether the door looks at all packets to these addresses, where its ports are theirs. */
export function isGuarded(
  { destinations }: Door,
  { isHere, spans }: Arrivals,
  layout: Layout,
): boolean {
  if (isHere && destinations.length === 0) return true;
  const held = (span: Span) => destinations.some((one) => spanHolds(spanOf(one), span));
  if (!isHere) return spans?.every(held) === true;
  // Which of the host's own addresses is not the rule's to say: any that the door is before.
  return ownAddresses(layout)
    .filter((address) => spans === undefined || spans.some((span) => spanHasAddress(span, address)))
    .some((address) => destinations.some((prefix) => prefixHolds(prefix, address)));
}
