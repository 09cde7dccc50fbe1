/** Extension headers of IPv6 at random, most of which a host reads and goes on behind. */
import type { Chance } from "../../setup/fuzz.ts";
import type { HeaderLayer } from "./draft.ts";
import { bytesOf, oneOf } from "./pick.ts";

export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
export const NOTHING = 59;
export const OPTIONS = 60;

/** The longest that a draw makes by itself: 8 + 8 * 3 bytes. */
const MOST_WORDS = 3;

/** `isDecoy`: who reads it as a TCP header finds a SYN in it. */
export function drawHeader(chance: Chance, number: number, isDecoy = false): HeaderLayer {
  const usual = chance(4) === 0 ? chance(MOST_WORDS + 1) : 0;
  return headerOf(chance, number, isDecoy ? 2 + chance(MOST_WORDS - 1) : usual);
}

/** A header of 8 + 8 * `words` bytes, 0 to 31. */
export function headerOf(chance: Chance, number: number, words: number): HeaderLayer {
  return { kind: "header", number, body: bodyOf(chance, number, words) };
}

/** How many bytes it has. */
export function lengthOf({ body }: HeaderLayer): number {
  return 1 + body.length;
}

function bodyOf(chance: Chance, number: number, words: number): Buffer {
  switch (number) {
    case ROUTING:
      return routing(chance, words);
    case FRAGMENT:
      throw new Error("bodyOf: fragment headers are layers of their own");
    case AUTHENTICATION:
      // Its length counts words of 4 bytes, without the first two.
      return Buffer.concat([Buffer.of(2 * words, 0, 0), bytesOf(chance, 4 + 8 * words)]);
    default:
      return Buffer.concat([Buffer.of(words), options(chance, number, 6 + 8 * words)]);
  }
}

const PADDING = Buffer.of(1, 4, 0, 0, 0, 0);
const ROUTER_ALERT = Buffer.of(5, 2, 0, 0, 1, 0);
/** A jumbogram, the limit of tunnels, and one that a host must not pass over. */
const SELDOM = [
  Buffer.of(0xc2, 4, 0, 1, 0, 0),
  Buffer.of(4, 1, 4, 1, 1, 0),
  Buffer.of(0x5e, 4, 0, 0, 0, 0),
];

function options(chance: Chance, number: number, length: number): Buffer {
  if (length === PADDING.length) {
    if (chance(2) === 0) return PADDING;
    if (number === HOP_BY_HOP && chance(2) === 0) return ROUTER_ALERT;
    if (chance(16) === 0) return oneOf(chance, SELDOM);
  }
  // One that nobody knows and that a host passes over.
  const unknown = Buffer.concat([Buffer.of(0x1e, length - 2), bytesOf(chance, length - 2)]);
  if (length > 12) unknown.set(SYN_OF_TCP, 10);
  return unknown;
}

/** The length of its header and its flags: bytes 12 and 13. */
const SYN_OF_TCP = Uint8Array.of(0x50, 0x02);

/** With no step to go, or with one, to where the packet is anyway. */
function routing(chance: Chance, words: number): Buffer {
  const type = oneOf(chance, [0, 2, 3, 4, 253]);
  const isUnderWay = chance(8) === 0;
  const length = isUnderWay ? 2 : words;
  const body = Buffer.alloc(7 + 8 * length);
  body.set([length, type, isUnderWay ? 1 : 0]);
  if (isUnderWay) body.set(SERVER, 7);
  else if (length > 0) body.set(SYN_OF_TCP, 11);
  return body;
}

/** fd91::2. */
const SERVER = Uint8Array.of(0xfd, 0x91, ...new Array<number>(13).fill(0), 2);
