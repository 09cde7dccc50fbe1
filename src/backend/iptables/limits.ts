/** What a policy asks that iptables cannot say. Of every other policy the rules can be printed. */
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Place, Problem } from "../../problem/problem.ts";

/** The codes of these problems; scripts may rely on them. */
export const LIMIT_CODES = [
  "reset-needs-nftables",
  "token-needs-nftables",
  "signed-needs-nftables",
  "too-many-to-count",
] as const;

export type LimitCode = (typeof LIMIT_CODES)[number];

/**
 * The times that xt_recent keeps of a source (XT_RECENT_MAX_NSTAMPS of Linux, less one). From
 * Linux 6.11 on there are more; rules that are printed here may be loaded anywhere.
 */
const MOST_STRIKES = 255;

export function limitsOf({ policy, places }: PlacedPolicy): Problem[] {
  const resets = policy.doors.flatMap(({ name, refuse }, index) =>
    refuse === "reset" ? [needsNftables(name, places.doors[index]?.refuse)] : [],
  );
  const tokens = policy.doors.flatMap(({ name, token }, index) =>
    token === undefined ? [] : [tokenNeedsNftables(name, places.doors[index]?.token)],
  );
  const signed = policy.doors.flatMap((door, index) =>
    door.signed === undefined ? [] : [signedNeedsNftables(door.name, places.doors[index]?.signed)],
  );
  const after = policy.ban?.after ?? 0;
  return [
    ...(after > MOST_STRIKES ? [tooManyToCount(after, places.banAfter)] : []),
    ...resets,
    ...tokens,
    ...signed,
  ];
}

function needsNftables(door: string, place: Place | undefined): Problem {
  return limit("reset-needs-nftables", place, {
    what: `door ${door} is to answer with a reset, which iptables can do only in tables behind the one where the gate stands`,
    fix: "write `refuse: drop`, or `backend: nftables` where the host has it",
  });
}

function tokenNeedsNftables(door: string, place: Place | undefined): Problem {
  return limit("token-needs-nftables", place, {
    what: `door ${door} opens with tokens, and iptables has no sets to hold them`,
    fix: "remove `token`, or write `backend: nftables` where the host has it",
  });
}

function signedNeedsNftables(door: string, place: Place | undefined): Problem {
  return limit("signed-needs-nftables", place, {
    what: `door ${door} opens with signed knocks, and iptables has no sets to tell them from what is none`,
    fix: "remove `signed`, or write `backend: nftables` where the host has it",
  });
}

function tooManyToCount(after: number, place: Place | undefined): Problem {
  return limit("too-many-to-count", place, {
    what: `a ban after ${after} wrong steps is more than iptables can count: its xt_recent keeps ${MOST_STRIKES} of each source`,
    fix: `write a number from 1 to ${MOST_STRIKES}, or \`backend: nftables\` where the host has it`,
  });
}

function limit(
  code: LimitCode,
  place: Place | undefined,
  words: Pick<Problem, "what" | "fix">,
): Problem {
  return { code, severity: "error", ...words, ...(place === undefined ? {} : { place }) };
}
