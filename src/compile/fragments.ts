/**
 * IPv6 packets whose transport header netfilter cannot find, or finds in another place than the
 * host: no rule for a port matches them, and the host would take them all the same.
 */
import { type Prefix, printPrefix } from "../policy/address.ts";
import type { Policy } from "../policy/policy.ts";
import type { Chain, Match, Rule, Verdict } from "../program/program.ts";
import { exemptLoopback } from "./doorway.ts";
import { chain, goto, jump, RETURN, rule } from "./rules.ts";

const DROP: Verdict = { kind: "drop" };

const PRESENT: Match = { kind: "ipv6-fragment", is: "present" };

/**
 * The chains that IPv6 packets meet before fragments are put together.
 *
 * After reassembly the fragment header is gone, and what it named as the next header stands in
 * the header before it. Linux reads that field only where this is the IPv6 header itself or a
 * hop-by-hop header right behind it (RFC 8200, section 4.5, puts it there). Behind any other
 * header the host takes the packet for something else than netfilter does; and as Linux keeps that
 * place in eight bits, behind 256 bytes of headers it writes over another byte, such as one of the
 * destination address. So where such a packet goes does not matter.
 */
export function compileFragments(
  policy: Policy,
  entry: (rules: readonly Rule[]) => Chain[],
): Chain[] {
  const places = placesOf(policy);
  const dropIf = (when: Match) => places.map((at) => rule([when, at], DROP));
  return [
    ...entry([rule([PRESENT], goto("fragments"))]),
    chain(
      "fragments",
      "A fragment header. Behind another header than hop-by-hop it hides what the host will see.",
      ...exemptLoopback(policy),
      rule([{ kind: "ipv6-fragment", is: "first-header" }], goto("pieces")),
      rule([{ kind: "ipv6-fragment", is: "behind-hop-by-hop" }], goto("pieces")),
      rule([], DROP),
    ),
    chain(
      "pieces",
      "A first fragment must hold all headers up to the ports (RFC 7112), and one fragment header.",
      rule([{ kind: "ipv6-fragment", is: "continued" }], RETURN),
      ...TUNNELS.map((tunnel) =>
        rule([{ kind: "ipv6-fragment", is: "of-options", ...tunnel }], RETURN),
      ),
      ...NO_TRANSPORT.flatMap((header) => dropIf({ kind: "ipv6-fragment", is: "of", header })),
      rule([{ kind: "readable-ports" }], RETURN),
      ...places.map((at) => rule([at], DROP)),
    ),
  ];
}

/**
 * IPv4, IPv6 and GRE with a key, a sequence number or a checksum: what ip6tnl and ip6gre write behind
 * options. A host that forwards such a packet in fragments cuts it behind the options, so that the
 * next one could take the first byte in the tunnel for the number of a header. These are no numbers
 * of headers that lead to a door.
 */
const TUNNELS = [
  { header: 4, begins: { byte: 0x40, mask: 0xf0 } },
  { header: 41, begins: { byte: 0x60, mask: 0xf0 } },
  ...[0x10, 0x20, 0x30, 0x80, 0x90, 0xa0, 0xb0].map((byte) => ({
    header: 47,
    begins: { byte, mask: 0xff },
  })),
];

/** Hop-by-hop, routing, fragment, destination options: behind these another fragment header may be. */
const NO_TRANSPORT = [0, 43, 44, 60] as const;

/** Where only reassembled packets are seen: what sends those to {@link headersChain}. */
export function toHeaders(policy: Policy): Rule[] {
  const extended: Match = { kind: "ipv6-headers", are: "extended" };
  return placesOf(policy).length === 0 ? [] : [rule([extended], jump(HEADERS))];
}

const HEADERS = "headers";

/**
 * There the fragment header is gone, and nothing tells a packet that had one from others. So what
 * begins with a routing or destination options header is dropped, but for tunnels, whose inner
 * packet cannot be mistaken for a header of a door's protocols.
 */
export function headersChain(policy: Policy): Chain[] {
  const places = placesOf(policy);
  if (places.length === 0) return [];
  return [
    chain(
      HEADERS,
      "IPv6 headers behind which the host may find something else than these rules.",
      ...exemptLoopback(policy),
      rule([{ kind: "ipv6-headers", are: "harmless" }], RETURN),
      ...places.map((at) => rule([at], DROP, "also a fragment that could not be put together")),
    ),
  ];
}

/** Where IPv6 packets come to a door, each place once. */
function placesOf({ doors }: Policy): Match[] {
  const prefixes = new Map<string, Prefix>(
    doors
      .flatMap(({ destinations }) => destinations)
      .filter(({ first }) => first.family === "ipv6")
      .map((prefix) => [printPrefix(prefix), prefix]),
  );
  const isHere = doors.some(({ destinations }) => destinations.length === 0);
  return [
    ...(isHere ? [{ kind: "destined-here" } as const] : []),
    ...[...prefixes.values()].map((prefix): Match => ({ kind: "destination", in: prefix })),
  ];
}
