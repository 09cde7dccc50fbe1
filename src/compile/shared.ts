/** The chains that all doors share. */
import { type Address, prefixOf } from "../policy/address.ts";
import type { Policy } from "../policy/policy.ts";
import type { Chain, Match, Rule, Verdict } from "../program/program.ts";
import {
  chain,
  doing,
  forEachFamily,
  forget,
  goto,
  member,
  PASS,
  remember,
  rule,
  takes,
} from "./rules.ts";
import type { GateSets, Pair } from "./sets.ts";

export const TRUSTED = "trusted";

/**
 * How long a connection is remembered after its last segment. The figures are those of
 * Linux's connection tracking (nf_conntrack_tcp_timeout_established, _syn_sent, _time_wait).
 */
export const ESTABLISHED_SECONDS = 432_000;
const OPENING_SECONDS = 120;
const CLOSING_SECONDS = 120;

/** Where a service listens. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

export function compileShared(policy: Policy, sets: GateSets, bound: readonly Endpoint[]): Chain[] {
  const connections = policy.doors.some((door) => takes(door, "tcp"));
  const past = connections ? goto("pass") : PASS;
  return [
    ...(policy.trusted.length === 0 ? [] : [trusted(policy, past)]),
    ...(connections ? [pass(sets), existing(bound), elsewhere(sets)] : []),
  ];
}

function trusted(policy: Policy, past: Verdict): Chain {
  return chain(
    TRUSTED,
    "Sources that never need to knock.",
    ...policy.trusted.map((prefix) => rule([{ kind: "source", in: prefix }], past)),
  );
}

/** What is let through is noted, for connections whose socket is not on this host. */
function pass({ flows, syns }: GateSets): Chain {
  return chain(
    "pass",
    "A new connection is let through: note it, so that the rest of it passes.",
    ...forEachFamily((of) => doing([], [remember(of(flows), OPENING_SECONDS, true)])),
    ...forEachFamily((of) =>
      doing([{ kind: "protocol", is: "tcp" }], [remember(of(syns), OPENING_SECONDS, true)]),
    ),
    rule([], PASS),
  );
}

/**
 * A socket of this host that is more than a listener answers for its connection, also for
 * one that is older than the gate. Connections that end elsewhere (a published container
 * port, a forwarded host) have none, or a proxy's listener that never sees them. A listener
 * on one address cannot be told from a connection, so there only what was let through counts.
 */
function existing(bound: readonly Endpoint[]): Chain {
  const remembered = goto("elsewhere");
  return chain(
    "existing",
    "Part of a connection that exists? Otherwise back, to be refused.",
    ...toListenersOnOneAddress(bound, remembered),
    rule([{ kind: "listener-only" }], remembered),
    rule([{ kind: "has-socket" }], PASS),
    rule([], remembered),
  );
}

/**
 * After its first FIN or RST a connection is in a set of its own. In one set with the others
 * the last ACK would give it days again, and what has long ended would fill the set.
 */
function elsewhere({ flows, closing }: GateSets): Chain {
  const ends: Match = { kind: "any-flag", of: ["fin", "rst"] };
  const known = (pair: Pair, seconds: number) =>
    forEachFamily((of) => doing([member(of(pair))], [remember(of(pair), seconds, true)], PASS));
  return chain(
    "elsewhere",
    "Connections that no socket vouches for: those that were let through.",
    ...forEachFamily((of) =>
      doing(
        [ends, member(of(flows))],
        [remember(of(closing), CLOSING_SECONDS, true), forget(of(flows))],
        PASS,
      ),
    ),
    ...known(flows, ESTABLISHED_SECONDS),
    ...known(closing, CLOSING_SECONDS),
  );
}

/** What comes to a listener on one address, which no look at the sockets tells from a connection. */
export function toListenersOnOneAddress(bound: readonly Endpoint[], to: Verdict): Rule[] {
  return bound.map(({ address, port }) =>
    rule(
      [
        { kind: "protocol", is: "tcp" },
        { kind: "to-port", first: port, last: port },
        { kind: "destination", in: prefixOf(address) },
      ],
      to,
      "a service listens on this address alone",
    ),
  );
}
