/**
 * Draws what stands between the header of IPv6 and its transport header: extension headers in
 * chains, and fragment headers at every place of them. From the inside out.
 */
import { type Address, parseAddressBytes, printAddressBytes } from "../../../src/policy/address.ts";
import type { Chance } from "../../setup/fuzz.ts";
import type { Draft, FragmentLayer, HeaderLayer, Layer } from "./draft.ts";
import { drawCuts, drawOverlap } from "./fragments.ts";
import {
  AUTHENTICATION,
  drawHeader,
  HOP_BY_HOP,
  headerOf,
  lengthOf,
  NOTHING,
  OPTIONS,
  ROUTING,
} from "./headers.ts";
import { oneOf, upTo } from "./pick.ts";

/** Headers that a host reads and goes on behind. */
const PASSED: readonly number[] = [OPTIONS, OPTIONS, OPTIONS, ROUTING];
/** What no usual packet has: mobility, an ESP, experiments. */
const STRANGE: readonly number[] = [AUTHENTICATION, 50, NOTHING, 135, 139, 140, 253, 254];
/** IPv4, IPv6 and GRE, in front of what is no such packet. */
const TUNNELS: readonly number[] = [4, 41, 47];
/** What a fragment header may claim to follow. */
const CLAIMS: readonly number[] = [
  ...[NOTHING, 6, 17, 58, 253, 50, AUTHENTICATION, ROUTING, OPTIONS],
  ...TUNNELS,
];

/** In front of a packet of the protocol. */
export function drawLayers(chance: Chance, id: number, protocol: number): readonly Layer[] {
  switch (chance(16)) {
    case 0:
    case 1:
      return upTo(chance, 4, () => drawHeader(chance, drawNumber(chance)));
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return splitChain(chance, id);
    case 7:
    case 8:
    case 9:
    case 10:
      return disguise(chance, id, protocol);
    case 11:
    case 12:
      return fragmentsInFragments(chance, id);
    case 13:
      return longChain(chance, id);
    default:
      return upTo(chance, 6, () =>
        chance(3) === 0
          ? drawFragments(chance, id, 80)
          : drawHeader(chance, drawNumber(chance), chance(4) === 0),
      );
  }
}

function drawNumber(chance: Chance): number {
  if (chance(12) === 0) return oneOf(chance, STRANGE);
  return chance(12) === 0 ? HOP_BY_HOP : oneOf(chance, PASSED);
}

function somePassed(chance: Chance, most: number): HeaderLayer[] {
  return upTo(chance, most, () => drawHeader(chance, oneOf(chance, PASSED)));
}

/** A fragment header first, and the cuts within the headers behind it or shortly after. */
function splitChain(chance: Chance, id: number): Layer[] {
  const behind = [
    drawHeader(chance, oneOf(chance, chance(6) === 0 ? TUNNELS : PASSED)),
    ...somePassed(chance, 3),
  ];
  const length = behind.map(lengthOf).reduce((sum, one) => sum + one, 0);
  return [...behind, drawFragments(chance, id, length + 32), ...drawHopByHop(chance)];
}

/**
 * A fragment header behind other headers. Once netfilter has put the packet together, it finds what
 * the fragment header claimed; the host finds there what the first header of all is.
 */
function disguise(chance: Chance, id: number, protocol: number): Layer[] {
  const first = oneOf(chance, [OPTIONS, OPTIONS, OPTIONS, ROUTING]);
  const before = upTo(chance, 2, () => drawHeader(chance, drawNumber(chance)));
  const fragments = drawFragments(chance, id, 48);
  return [
    ...somePassed(chance, 2),
    drawHeader(chance, first, true),
    {
      ...fragments,
      next: chance(4) === 0 ? protocol : oneOf(chance, CLAIMS),
      cuts: chance(3) === 0 ? fragments.cuts : [],
    },
    ...before,
    drawHeader(chance, first, true),
    ...drawHopByHop(chance),
  ];
}

function fragmentsInFragments(chance: Chance, id: number): Layer[] {
  const isDisguised = chance(2) === 0;
  const inner = drawFragments(chance, id, 40);
  return [
    ...somePassed(chance, 2),
    ...(isDisguised ? [drawHeader(chance, OPTIONS, true)] : []),
    isDisguised ? { ...inner, next: oneOf(chance, CLAIMS), cuts: [] } : inner,
    ...(isDisguised ? [drawHeader(chance, OPTIONS)] : somePassed(chance, 2)),
    drawFragments(chance, id + 0x80_0000, 56),
    ...drawHopByHop(chance),
  ];
}

/**
 * Linux keeps in one byte where the header before a fragment header begins, and writes there what
 * follows the fragment header: with 256 bytes of headers, over a byte in front.
 */
function longChain(chance: Chance, id: number): Layer[] {
  const outermost = oneOf(chance, [HOP_BY_HOP, HOP_BY_HOP, OPTIONS]);
  const last = oneOf(chance, [HOP_BY_HOP, AUTHENTICATION, OPTIONS, ROUTING]);
  // In words of 8 bytes; more often than not the last begins at 40 + 256.
  const total = chance(3) === 0 ? 20 + chance(16) : 32;
  const words = chance(3);
  const between =
    words === 0 ? [] : [headerOf(chance, oneOf(chance, [HOP_BY_HOP, OPTIONS]), total - words - 1)];
  const isDisguised = chance(2) === 0;
  return [
    ...somePassed(chance, 1),
    ...(isDisguised ? [drawHeader(chance, outermost, true)] : []),
    {
      ...drawFragments(chance, id, 24),
      cuts: [],
      ...(isDisguised ? { next: oneOf(chance, CLAIMS) } : {}),
    },
    drawHeader(chance, last, true),
    ...between,
    headerOf(chance, outermost, (words === 0 ? total : words) - 1),
  ];
}

/**
 * The same over a byte of the destination: the packet goes to a neighbour of `destination`, which
 * takes its place once the fragment header is gone.
 */
export function drawDetour(
  chance: Chance,
  id: number,
  destination: Address,
): Pick<Draft, "layers" | "ip"> {
  const bytes = printAddressBytes(destination);
  const byte = bytes[DETOUR_BYTE] ?? 0;
  bytes[DETOUR_BYTE] = byte ^ (1 + chance(255));
  const elsewhere = parseAddressBytes(bytes);
  const words = (256 + IPV6_DESTINATION + DETOUR_BYTE - 40) / 8 - 1;
  return {
    layers: [
      ...somePassed(chance, 1),
      drawHeader(chance, OPTIONS, true),
      { ...drawFragments(chance, id, 24), cuts: [], next: byte },
      drawHeader(chance, oneOf(chance, PASSED)),
      headerOf(chance, OPTIONS, words),
    ],
    ip: { label: 0, ...(elsewhere === undefined ? {} : { destination: elsewhere }) },
  };
}

/** Where the destination begins in the header of IPv6, and which byte of it is written over. */
const IPV6_DESTINATION = 24;
const DETOUR_BYTE = 8;

function drawHopByHop(chance: Chance): HeaderLayer[] {
  return chance(6) === 0 ? [drawHeader(chance, HOP_BY_HOP)] : [];
}

function drawFragments(chance: Chance, id: number, within: number): FragmentLayer {
  return {
    kind: "fragments",
    // Of the packets inside each has one of its own.
    identification: (id * 256) >>> 0,
    cuts: chance(4) === 0 ? [] : drawCuts(chance, within),
    reserved: chance(8) === 0 ? 1 + chance(3) : 0,
    ...(chance(8) === 0 ? { next: oneOf(chance, CLAIMS) } : {}),
    ...(chance(8) === 0 ? { nextOfRest: oneOf(chance, CLAIMS) } : {}),
    ...drawOverlap(chance),
  };
}
