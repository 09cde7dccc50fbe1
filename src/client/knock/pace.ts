/**
 * How long to wait on the way to one address. The first try is quick and the second careful: that
 * one gives every packet the time to be answered before the next is sent.
 */
import type { Packet } from "./packet.ts";

export type Care = "quick" | "careful";

/** All in milliseconds. */
const UNKNOWN_PAUSE = { quick: 5, careful: 100 } as const;
const SHORTEST_PAUSE = { quick: 2, careful: 50 } as const;
const LONGEST_PAUSE = { quick: 10, careful: 1000 } as const;
/**
 * Of the round trip. A quarter is by how much packets may be out of order before RACK takes them
 * for lost (RFC 8985, section 6.2); a little more than all of it is when an answer is late.
 */
const PAUSE_SHARE = { quick: 1 / 4, careful: 5 / 4 } as const;
/** From the start of `ping` to its packet. */
const PING_START = 40;

const UNKNOWN_CONNECT = 350;
const SHORTEST_CONNECT = 30;
/** A host may be busy; and a second after the first, the kernel sends a SYN again by itself. */
const LAST_CONNECT = 1500;

export class Pace {
  readonly #withinMilliseconds: number;
  #roundTrip: number | undefined;

  constructor(withinSeconds: number) {
    this.#withinMilliseconds = withinSeconds * 1000;
  }

  /** Something was answered after so long. The fastest counts: others had to wait somewhere. */
  hear(milliseconds: number): void {
    this.#roundTrip = Math.min(milliseconds, this.#roundTrip ?? Number.POSITIVE_INFINITY);
  }

  /** How long to wait for an answer to a packet before the next is sent. */
  pauseAfter({ kind }: Packet, care: Care): number {
    const usual =
      this.#roundTrip === undefined
        ? UNKNOWN_PAUSE[care]
        : Math.max(SHORTEST_PAUSE[care], this.#roundTrip * PAUSE_SHARE[care]);
    const pause = Math.min(usual, LONGEST_PAUSE[care]) + (kind === "ping" ? PING_START : 0);
    // A step is two packets, and has to come in time also where one of them is lost.
    return Math.min(pause, this.#withinMilliseconds / 4);
  }

  /** How long to wait for a connection before another is begun; after the last, no other is. */
  connectPauses(care: Care): readonly number[] {
    const first =
      this.#roundTrip === undefined
        ? UNKNOWN_CONNECT
        : Math.max(SHORTEST_CONNECT, 2 * this.#roundTrip);
    const pauses = [first, 2 * first];
    return care === "quick" ? pauses : [...pauses, Math.max(4 * first, LAST_CONNECT)];
  }
}
