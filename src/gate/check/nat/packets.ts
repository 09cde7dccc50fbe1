/** Which packets a rule is for: families, protocols, ports and addresses, as the sender wrote them. */
import {
  type Address,
  FAMILIES,
  type Family,
  type Prefix,
  parseAddressBytes,
  parsePrefix,
  printAddress,
  printPrefix,
  widthOf,
} from "../../../policy/address.ts";
import type { Ports } from "../ports.ts";

/** Addresses from `first` to `last`, both included. */
export interface Span {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
  /** As the rule writes it. */
  readonly text: string;
}

export type Protocol = "tcp" | "udp";

/** First packets from other hosts. Undefined is whatever a packet may have there. */
export interface Packets {
  readonly families: readonly Family[];
  readonly protocols: readonly Protocol[];
  readonly ports: readonly Ports[] | undefined;
  /** Where they go. */
  readonly to: readonly Span[] | undefined;
  /** Only those to an address of this host. */
  readonly isLocal: boolean;
  /** Only those that come in by this interface. */
  readonly by: string | undefined;
  /** Only those from here. */
  readonly from: string | undefined;
  /** Whether it hangs on something else, which nobody knows beforehand. */
  readonly isDoubtful: boolean;
}

export const ALL_PACKETS: Packets = {
  families: FAMILIES,
  protocols: ["tcp", "udp"],
  ports: undefined,
  to: undefined,
  isLocal: false,
  by: undefined,
  from: undefined,
  isDoubtful: false,
};

export function doubtful(packets: Packets): Packets {
  return { ...packets, isDoubtful: true };
}

/** Those of them to one of the ports. */
export function toPorts(packets: Packets, ports: readonly Ports[]): Packets {
  return { ...packets, ports: commonPorts(packets.ports, ports) };
}

/** Those of them to one of the addresses, which are of one family. */
export function toSpans(packets: Packets, spans: readonly Span[]): Packets {
  const families = packets.families.filter((family) =>
    spans.some((span) => span.family === family),
  );
  const { to } = packets;
  return {
    ...packets,
    families,
    to: to === undefined ? spans : spans.flatMap((span) => to.flatMap((one) => common(one, span))),
  };
}

export function ofFamilies(packets: Packets, families: readonly string[]): Packets {
  return { ...packets, families: packets.families.filter((one) => families.includes(one)) };
}

export function ofProtocols(packets: Packets, protocols: readonly string[]): Packets {
  return { ...packets, protocols: packets.protocols.filter((one) => protocols.includes(one)) };
}

export function isNobody({ families, protocols, ports, to }: Packets): boolean {
  return [families, protocols, ports, to].some((list) => list?.length === 0);
}

/** Whether a packet may be one of both. */
export function packetsMeet(a: Packets, b: Packets): boolean {
  const both = ofProtocols(ofFamilies(a, b.families), b.protocols);
  const byPort = b.ports === undefined ? both : toPorts(both, b.ports);
  return !isNobody(b.to === undefined ? byPort : toSpans(byPort, b.to));
}

/** Whether each of `few` is surely one of `many`. */
export function isWithin(few: Packets, many: Packets): boolean {
  if (many.isDoubtful || many.from !== undefined || many.isLocal) return false;
  return (
    (many.by === undefined || many.by === few.by) &&
    few.families.every((family) => many.families.includes(family)) &&
    few.protocols.every((protocol) => many.protocols.includes(protocol)) &&
    (many.ports === undefined ||
      few.ports?.every((ports) => portsWithout(ports, many.ports ?? []).length === 0) === true) &&
    (many.to === undefined ||
      few.to?.every((span) => many.to?.some((other) => spanHolds(other, span))) === true)
  );
}

export function commonPorts(some: readonly Ports[] | undefined, others: readonly Ports[]): Ports[] {
  if (some === undefined) return [...others];
  return some.flatMap((a) =>
    others.flatMap((b) => {
      const both = { first: Math.max(a.first, b.first), last: Math.min(a.last, b.last) };
      return both.first <= both.last ? [both] : [];
    }),
  );
}

/** What is left of the ports when others are taken out. */
export function portsWithout(ports: Ports, taken: readonly Ports[]): Ports[] {
  return taken.reduce<Ports[]>(
    (left, { first, last }) =>
      left.flatMap((part) =>
        [
          { first: part.first, last: Math.min(part.last, first - 1) },
          { first: Math.max(part.first, last + 1), last: part.last },
        ].filter((piece) => piece.first <= piece.last),
      ),
    [ports],
  );
}

/** Undefined where the text is no address, no prefix and no `first-last`. */
export function parseSpan(text: string): Span | undefined {
  const [from = "", to] = text.split("-");
  const [first, last] = [parsePrefix(from), to === undefined ? undefined : parsePrefix(to)];
  if (first === undefined || (to !== undefined && last === undefined)) return undefined;
  const end = last ?? first;
  return {
    family: first.first.family,
    first: first.first.bits,
    last: spanOf(end).last,
    text: to === undefined ? printPrefix(first) : text,
  };
}

export function spanOf(prefix: Prefix): Span {
  const { first, length } = prefix;
  const size = 1n << BigInt(widthOf(first.family) - length);
  return {
    family: first.family,
    first: first.bits,
    last: first.bits | (size - 1n),
    text: printPrefix(prefix),
  };
}

/** The prefixes that hold its addresses and no others, as a policy writes them. */
export function printSpan({ family, first, last }: Span): string[] {
  const texts: string[] = [];
  for (let bits = first; bits <= last; ) {
    let length = widthOf(family);
    let size = 1n;
    while (length > 0 && bits % (size * 2n) === 0n && bits + size * 2n - 1n <= last) {
      size *= 2n;
      length -= 1;
    }
    texts.push(printPrefix(prefixAt(family, bits, length)));
    bits += size;
  }
  return texts;
}

function prefixAt(family: Family, bits: bigint, length: number): Prefix {
  const digits = widthOf(family) / 4;
  const bytes = Buffer.from(bits.toString(16).padStart(digits, "0"), "hex");
  const first = parseAddressBytes(bytes);
  const prefix = first === undefined ? undefined : parsePrefix(`${printAddress(first)}/${length}`);
  if (prefix === undefined) throw new Error("prefixAt: no prefix begins there");
  return prefix;
}

export function spanHolds(outer: Span, inner: Span): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

export function spansMeet(a: Span, b: Span): boolean {
  return common(a, b).length > 0;
}

export function spanHasAddress({ family, first, last }: Span, address: Address): boolean {
  return family === address.family && first <= address.bits && address.bits <= last;
}

function common(a: Span, b: Span): Span[] {
  if (a.family !== b.family || a.first > b.last || b.first > a.last) return [];
  if (spanHolds(a, b)) return [b];
  if (spanHolds(b, a)) return [a];
  const [lower, upper] = a.first < b.first ? [a, b] : [b, a];
  return [{ ...upper, last: lower.last }];
}
