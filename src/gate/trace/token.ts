/** What a packet's way through the rules says of one-time tokens; which they were it does not say. */
import type { Link } from "./link.ts";

/** The carrier is as a policy writes it. */
export type OfToken =
  | {
      readonly kind: "token";
      readonly door: string;
      readonly carrier: string;
      /** For so long the door is open now; null where the kernel did not tell. */
      readonly seconds: number | null;
    }
  /** It is spent, and the set of those who have a grant is full. */
  | { readonly kind: "token-no-room"; readonly door: string; readonly carrier: string };

/** Such a packet might carry one, and nobody knows what it carries. */
export interface NoToken {
  readonly kind: "no-token";
  readonly carrier: string;
}

const SPENT = /^token_(?<door>[a-z][a-z0-9-]*)_(?<carrier>[a-z]+(?:_\d+)?)$/;
const LOOKED_UP = /^tokens_(?<carrier>[a-z]+(?:_\d+)?)$/;

export function tokensOn(links: readonly Link[]): OfToken[] {
  return links.flatMap(({ target }): OfToken[] => {
    const { door, carrier } = SPENT.exec(target)?.groups ?? {};
    if (door === undefined || carrier === undefined) return [];
    const opening = links.find((link) => link.target === `opened_${door}_${carrier}`);
    const of = { door, carrier: nameOf(carrier) };
    if (opening === undefined) return [{ kind: "token-no-room", ...of }];
    return [{ kind: "token", ...of, seconds: opening.says?.seconds ?? null }];
  });
}

export function missedTokensOn(links: readonly Link[]): NoToken[] {
  return links.flatMap(({ target }) => {
    const { carrier } = LOOKED_UP.exec(target)?.groups ?? {};
    // Loopback, where nobody looks.
    const isLeft = links.some(({ chain, verdict }) => chain === target && verdict === "return");
    return carrier === undefined || isLeft ? [] : [{ kind: "no-token", carrier: nameOf(carrier) }];
  });
}

function nameOf(carrier: string): string {
  return carrier.replace("_", "/");
}
