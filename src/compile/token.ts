/** The chains that find one-time tokens in packets, and spend them (design 6). */
import { CARRIERS, type Carrier, printCarrier } from "../policy/carriers.ts";
import type { Policy } from "../policy/policy.ts";
import type { Chain } from "../program/program.ts";
import { destinationsOf, exemptLoopback } from "./doorway.ts";
import { grant, type OpeningParts, openedChain, openedName } from "./opening.ts";
import { chain, doing, forEachFamily, forget, goto, remember, rule } from "./rules.ts";
import { type GateSets, nameCarrier, type TokenSets } from "./sets.ts";

/** For so long it is remembered who has spent a token. */
const USE_SECONDS = 86_400;

export interface TokenParts extends OpeningParts {
  readonly shared: GateSets;
}

/** What looks for a token in the packets of a carrier, and what spends it. */
export function compileTokens(
  policy: Policy,
  doors: readonly TokenParts[],
  carrier: Carrier,
): Chain[] {
  const carried = doors.flatMap((parts) => {
    const sets = parts.own.tokens.find(({ name }) => name === printCarrier(carrier));
    return sets === undefined ? [] : [{ ...parts, sets }];
  });
  return [
    chain(
      tokensName(carrier),
      `${CARRIERS[carrier.kind].packet}: does it carry a token? The look-up spends it.`,
      ...exemptLoopback(policy),
      ...carried.flatMap(({ door, sets }) =>
        destinationsOf(door).map((at) =>
          rule([...at, { kind: "spend", of: sets.tokens }], goto(spentName(door, carrier))),
        ),
      ),
    ),
    ...carried.flatMap((parts) => [spentChain(parts, carrier), openedChain(parts, carrier)]),
  ];
}

export function tokensName(carrier: Carrier): string {
  return `tokens_${nameCarrier(carrier)}`;
}

/** The token is gone for everybody by now, also where something here finds no room. */
function spentChain(parts: TokenParts & { readonly sets: TokenSets }, carrier: Carrier): Chain {
  const { policy, door, shared, sets } = parts;
  return chain(
    spentName(door, carrier),
    `${door.name}: a token by ${printCarrier(carrier)}. The source gets a grant.`,
    ...forEachFamily((of) => doing([], [remember(of(sets.uses), USE_SECONDS, true)])),
    doing([], [forget(sets.tokens)]),
    // Wrong steps can be forged, and must not lock out who can prove who they are (design 3.11).
    ...(policy.ban === undefined
      ? []
      : forEachFamily((of) => doing([], [forget(of(shared.autoBanned))]))),
    ...forEachFamily((of) => doing([], grant(parts, of), goto(openedName(door, carrier)))),
  );
}

function spentName(door: { readonly name: string }, carrier: Carrier): string {
  return `token_${door.name}_${nameCarrier(carrier)}`;
}
