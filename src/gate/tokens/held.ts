/** What a gate holds of tokens, and who has knocked with one: as its sets tell it. */
import type { Listing, LiveSet } from "../../backend/live.ts";
import { parseCarrier } from "../../policy/value/carrier.ts";
import { slotAt, startOf } from "../../token/index.ts";
import type { Client } from "../keys/store.ts";
import { markIn } from "./fill.ts";
import { type Knock, knocksAt, type Spent } from "./knocks.ts";

/** Bytes of the kernel's memory for each, as `./dev bench tokens` finds it. */
const TOKEN_BYTES = 300;

export interface HeldTokens {
  readonly door: string;
  /** As a policy writes it. */
  readonly carrier: string;
  readonly clients: number;
  /** Unspent, and not over. */
  readonly tokens: number;
  /** About so many. */
  readonly bytes: number;
  /** Until the first client has none left; null without clients. */
  readonly secondsLeft: number | null;
  /** Within a day, the last first. */
  readonly knocks: readonly Knock[];
}

/** @param now in seconds since 1970. */
export function heldTokens(
  { sets }: Listing,
  clients: readonly Client[],
  now: number,
): HeldTokens[] {
  return sets.flatMap((loaded) => {
    const { role } = loaded.label;
    if (role.kind !== "loaded") return [];
    const carrier = parseCarrier({ text: role.carrier });
    if (!carrier.ok) return [];
    const uses = sets.filter(
      ({ label }) =>
        label.role.kind === "uses" &&
        label.role.door === role.door &&
        label.role.carrier === role.carrier,
    );
    const own = { loaded, uses };
    const { door } = role;
    return [
      {
        ...held({ door, carrier: carrier.value }, own, clients, now),
        door,
        carrier: role.carrier,
      },
    ];
  });
}

function held(
  at: Pick<Spent, "door" | "carrier">,
  { loaded, uses }: { readonly loaded: LiveSet; readonly uses: readonly LiveSet[] },
  clients: readonly Client[],
  now: number,
): Omit<HeldTokens, "door" | "carrier"> {
  const marks = loaded.members.flatMap((member) =>
    markIn(member).map((mark) => ({
      ...mark,
      // A mark ends when its last token does, which is so late after the end of the slot.
      late: Math.max(0, now + mark.secondsLeft - startOf(mark.last + 1)),
    })),
  );
  const late = Math.max(0, ...marks.map((mark) => mark.late));
  const last = Math.max(slotAt(now), ...marks.map((mark) => mark.last));
  const window = { lateSeconds: late, lookaheadSeconds: startOf(last) - now };
  const knocks = uses
    .flatMap(({ members }) => knocksAt({ ...at, window }, members, clients, now))
    .sort((a, b) => b.at - a.at);
  const first = slotAt(now - late);
  const live = marks.map((mark) => Math.max(0, mark.last - Math.max(mark.first, first) + 1));
  const spent = knocks.filter(({ slot = 0 }) => slot >= first).length;
  const tokens = Math.max(0, live.reduce((sum, slots) => sum + slots, 0) - spent);
  return {
    clients: marks.length,
    tokens,
    bytes: tokens * TOKEN_BYTES,
    secondsLeft:
      marks.length === 0
        ? null
        : Math.max(0, Math.floor(startOf(Math.min(...marks.map((mark) => mark.last)) + 1) - now)),
    knocks,
  };
}
