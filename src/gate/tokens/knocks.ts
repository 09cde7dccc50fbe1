/** Who has knocked with a token: from what the kernel remembers of each that was spent. */
import type { LiveMember } from "../../backend/live.ts";
import { printAddress } from "../../policy/address.ts";
import { type Carrier, printCarrier } from "../../policy/carriers.ts";
import type { ClientName } from "../../policy/policy.ts";
import { AHEAD_SECONDS, bytesOf, slotAt, tokenMaker } from "../../token/index.ts";
import type { Client } from "../keys/store.ts";
import { slotsOf, type Window } from "./due.ts";

/** So long the kernel remembers it: `USE_SECONDS` of what is compiled. */
const KEPT_SECONDS = 86_400;

export interface Knock {
  readonly door: string;
  readonly carrier: string;
  /** Undefined for a client whose key is gone. */
  readonly client: ClientName | undefined;
  readonly source: string;
  /** In seconds since 1970. */
  readonly at: number;
  /** For which the token was; undefined where its client is not known. */
  readonly slot: number | undefined;
  /** 32 hexadecimal digits. It is spent, and no secret. */
  readonly token: string;
}

/** What tokens were for, and how far from the present they may have been. */
export interface Spent {
  readonly door: string;
  readonly carrier: Carrier;
  readonly window: Window;
}

/** @param keys also of clients whose keys were taken away, as far as there are any. */
export function knocksAt(
  { door, carrier, window }: Spent,
  uses: readonly LiveMember[],
  keys: readonly Client[],
  now: number,
): Knock[] {
  const clients = keys.map(({ name, key }) => ({
    name,
    make: tokenMaker(bytesOf(key.secret), door, carrier),
  }));
  return uses.flatMap(({ source, secondsLeft, value: token }) => {
    if (source === undefined || token === undefined) return [];
    const at = now - (KEPT_SECONDS - (secondsLeft ?? 0));
    const spender = findSpender(clients, token, likelySlots(window, at));
    return [
      {
        door,
        carrier: printCarrier(carrier),
        client: spender?.name,
        source: printAddress(source),
        at,
        slot: spender?.slot,
        token,
      },
    ];
  });
}

interface Maker {
  readonly name: ClientName;
  readonly make: (slot: number) => Buffer;
}

function findSpender(clients: readonly Maker[], token: string, slots: Iterable<number>) {
  for (const slot of slots) {
    const client = clients.find(({ make }) => make(slot).toString("hex") === token);
    if (client !== undefined) return { name: client.name, slot };
  }
  return undefined;
}

/** Of all that may have been in the kernel then, those that clocks near to ours use come first. */
function* likelySlots(window: Window, at: number): Iterable<number> {
  const { first, last } = slotsOf(window, at);
  const [low, high] = [first - 1, last + 1];
  const present = Math.min(slotAt(at + AHEAD_SECONDS), high);
  for (let slot = present; slot >= low; slot -= 1) yield slot;
  for (let slot = present + 1; slot <= high; slot += 1) yield slot;
}
