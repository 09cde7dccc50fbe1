/** IPv6 headers behind which SYNs and datagrams once got past a gate; each is sent in every run. */
import type { FragmentLayer, HeaderLayer, Layer } from "./draft.ts";
import { AUTHENTICATION, HOP_BY_HOP, NOTHING, OPTIONS, ROUTING } from "./headers.ts";

/** From the inside out; `id` is of one packet alone. */
export const KNOWN: readonly ((id: number) => readonly Layer[])[] = [
  // Split within the chain: no rule finds the ports.
  (id) => [header(OPTIONS), header(OPTIONS), fragments(id, [8])],
  (id) => [header(ROUTING), header(OPTIONS, 2), fragments(id, [8, 16]), header(HOP_BY_HOP)],
  // Once the fragment header is gone, netfilter believes what it claimed, and the host does not.
  (id) => [header(OPTIONS), fragments(id, [], NOTHING), header(OPTIONS)],
  (id) => [header(OPTIONS), fragments(id, [], 17), header(OPTIONS), header(HOP_BY_HOP)],
  (id) => [header(OPTIONS), fragments(id, [16], 6), header(ROUTING), header(OPTIONS)],
  // With 256 bytes of headers before it, the claim is written over the first of them.
  (id) => [fragments(id), header(HOP_BY_HOP, 2), header(HOP_BY_HOP, 31)],
  (id) => [fragments(id), header(AUTHENTICATION, 2), header(HOP_BY_HOP, 31)],
  (id) => [fragments(id), header(OPTIONS, 2), header(OPTIONS, 30), header(HOP_BY_HOP)],
  // The first fragment header goes on the way, the second on the host behind.
  (id) => [header(OPTIONS), fragments(id, [], NOTHING), header(OPTIONS), fragments(id + 1)],
  // Cut again on the way, behind the options.
  (id) => [header(41), header(OPTIONS), fragments(id, [24])],
];

function fragments(id: number, cuts: readonly number[] = [], next?: number): FragmentLayer {
  return { kind: "fragments", identification: (id * 256) >>> 0, cuts, next, reserved: 0 };
}

/** Of 8 + 8 * `words` bytes that a host passes over. */
function header(number: number, words = 0): HeaderLayer {
  const rest = Buffer.alloc(6 + 8 * words);
  if (number === ROUTING)
    return { kind: "header", number, body: Buffer.of(words, 0, 0, ...rest.subarray(1)) };
  if (number === AUTHENTICATION)
    return { kind: "header", number, body: Buffer.of(2 * words, ...rest) };
  // An option that nobody knows.
  rest.set([0x1e, rest.length - 2]);
  return { kind: "header", number, body: Buffer.of(words, ...rest) };
}
