/** A knock at one address as a list of tries; each is packets, and then a look at the door. */
import { printCarrier } from "../../policy/carriers.ts";
import type { HostName, Secret, Step } from "../../policy/policy.ts";
import { bytesOf, tokenMaker } from "../../token/index.ts";
import type { Means } from "./means.ts";
import type { Care, Patience } from "./pace.ts";
import { type Packet, packetsOf, twice } from "./packet.ts";

export interface Try {
  /** What the door would open to: a carrier, one that carries a signed knock, or `sequence`. */
  readonly by: string;
  readonly moves: readonly Move[];
  /** How long it is looked whether the door has opened. */
  readonly patience: Patience;
  /** Of a signed knock. */
  readonly signed?: SignedAs;
}

/** Whose signature a knock has, and what it says of the address that it is to open for. */
export interface SignedAs {
  /** The file of the key, or the agent's comment. */
  readonly identity: string;
  /** Null: it is good from every address. */
  readonly boundTo: string | null;
}

/** Packets that all mean the same, so that one has to arrive. */
export interface Move {
  readonly packets: readonly Packet[];
  readonly care: Care;
}

/** What the tokens of one address are made of. */
export interface Tokens {
  readonly key: Secret;
  /** One will do for every carrier: each has tokens of its own. */
  readonly slot: number;
  readonly door: string;
  readonly host: HostName;
}

export const SEQUENCE = "sequence";

/**
 * With each carrier, the same packet again, since one may be lost; a token that is spent does no
 * harm. Where nobody looks, both are sent at once.
 */
export function tokenTries(
  { carriers }: Means,
  { key, slot, door, host }: Tokens,
  { care, isEnd }: { readonly care: Care; readonly isEnd: boolean },
): readonly Try[] {
  return carriers.flatMap((carrier, n) => {
    const token = tokenMaker(bytesOf(key), door, carrier)(slot);
    const packet: Packet = { kind: "token", carrier, token, host };
    const isLast = isEnd && n === carriers.length - 1;
    const patiences = ["brief", isLast ? "careful" : "brief"] as const;
    return carried(printCarrier(carrier), packet, { care, patiences });
  });
}

interface How {
  readonly care: Care;
  readonly patiences: readonly [Patience, Patience];
}

/** A packet that opens by itself: shown, and shown again; or both at once. */
export function carried(by: string, packet: Packet, { care, patiences }: How): readonly Try[] {
  if (care !== "none") {
    return [{ by, moves: [{ packets: twice(packet), care }], patience: "brief" }];
  }
  return patiences.map((patience) => ({
    ...{ by, patience },
    moves: [{ packets: [packet], care }],
  }));
}

/** First in haste, then with care. */
export function sequenceTries(
  { sequence, protocol }: Means,
  cares: readonly ("quick" | "careful")[],
): readonly Try[] {
  if (sequence === undefined) return [];
  const moveOf = (step: Step, care: Care) => ({ packets: packetsOf(step, protocol), care });
  return cares.map((care) => ({
    by: SEQUENCE,
    moves: sequence.steps.map((step) => moveOf(step, care)),
    patience: care,
  }));
}
