/** What a packet's way through the rules says of signed knocks; what it holds the agent alone reads. */
import type { Link } from "./link.ts";

/** The carrier is as a policy writes it. */
export type OfCandidate =
  /** The agent is shown it, if one runs. */
  | { readonly kind: "handed-over"; readonly carrier: string }
  /** More came in this second than the agent is shown. */
  | { readonly kind: "not-handed-over"; readonly carrier: string };

/** Such a packet might be a signed knock, and does not begin as those of this time do. */
export interface NotSigned {
  readonly kind: "not-signed";
  readonly carrier: string;
}

const CANDIDATE = /^candidate_(?<carrier>ping|udp_\d+)$/;
const LOOKED_AT = /^signed_(?<carrier>ping|udp_\d+)$/;

/** A candidate is counted, and then, within the limit, handed over: two rules that it meets. */
export function candidatesOn(links: readonly Link[]): OfCandidate[] {
  return links.flatMap(({ target }): OfCandidate[] => {
    const { carrier } = CANDIDATE.exec(target)?.groups ?? {};
    if (carrier === undefined) return [];
    const met = links.filter(({ chain }) => chain === target).length;
    const kind = met > 1 ? "handed-over" : "not-handed-over";
    return [{ kind, carrier: carrier.replace("_", "/") }];
  });
}

export function missedSignedOn(links: readonly Link[]): NotSigned[] {
  return links.flatMap(({ target }) => {
    const { carrier } = LOOKED_AT.exec(target)?.groups ?? {};
    // Loopback, where nobody looks.
    const isLeft = links.some(({ chain, verdict }) => chain === target && verdict === "return");
    if (carrier === undefined || isLeft) return [];
    return [{ kind: "not-signed", carrier: carrier.replace("_", "/") }];
  });
}
