/**
 * How long to wait on the way to one address. The first try is quick and the second careful: that
 * one gives every packet the time to be answered before the next is sent.
 */
import { CARRIERS } from "../../policy/carriers.ts";
import type { Packet } from "./packet.ts";

/** After a packet; `none` where the order of what follows does not matter. */
export type Care = "none" | "quick" | "careful";

/** For a connection; `agent` where a program of the gate's host has to look at the knock first. */
export type Patience = "brief" | "agent" | "quick" | "careful";

/** All in milliseconds. */
const UNKNOWN_PAUSE = { quick: 5, careful: 100 } as const;
const SHORTEST_PAUSE = { quick: 2, careful: 50 } as const;
const LONGEST_PAUSE = { quick: 10, careful: 1000 } as const;
/**
 * Of the round trip. A quarter is by how much packets may be out of order before RACK takes them
 * for lost (RFC 8985, section 6.2); a little more than all of it is when an answer is late.
 */
const PAUSE_SHARE = { quick: 1 / 4, careful: 5 / 4 } as const;
/** At most from the start of `ping` to its packet. */
const SLOWEST_START = 2000;

const UNKNOWN_CONNECT = 350;
const SHORTEST_CONNECT = 30;
/** A host may be busy; and a second after the first, the kernel sends a SYN again by itself. */
const LAST_CONNECT = 1500;

/** Connections that come before it has opened are refused, and cost next to nothing. */
const AGENT_PAUSES = [30, 120] as const;
const AGENT_CONNECT = 250;

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

  /** How long a packet may take to leave this host. What goes over a connection waits for that. */
  leavePause(packet: Packet): number {
    const waits = packet.kind === "token" && CARRIERS[packet.carrier.kind].protocol === "tcp";
    return waits ? this.#firstConnect() : Math.min(SLOWEST_START, this.#withinMilliseconds / 4);
  }

  /** How long to wait for an answer to a packet before the next is sent, from when it has left. */
  pauseAfter(care: Care): number {
    if (care === "none") return 0;
    const usual =
      this.#roundTrip === undefined
        ? UNKNOWN_PAUSE[care]
        : Math.max(SHORTEST_PAUSE[care], this.#roundTrip * PAUSE_SHARE[care]);
    // A step is two packets, and has to come in time also where one of them is lost.
    return Math.min(usual, LONGEST_PAUSE[care], this.#withinMilliseconds / 4);
  }

  /** How long to wait for a connection before another is begun; after the last, no other is. */
  connectPauses(patience: Patience): readonly number[] {
    const first = this.#firstConnect();
    switch (patience) {
      case "brief":
        return [first];
      case "agent":
        return [...AGENT_PAUSES, Math.max(first, AGENT_CONNECT)];
      case "quick":
        return [first, 2 * first];
      case "careful":
        return [first, 2 * first, Math.max(4 * first, LAST_CONNECT)];
    }
  }

  #firstConnect(): number {
    return this.#roundTrip === undefined
      ? UNKNOWN_CONNECT
      : Math.max(SHORTEST_CONNECT, 2 * this.#roundTrip);
  }
}
