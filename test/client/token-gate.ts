/** A gate that takes each token once, in packets as they come: design 6, without sets and rules. */
import { CARRIERS, type Carrier, WIRE_BYTES } from "../../src/policy/carriers.ts";
import type { Policy, Secret } from "../../src/policy/policy.ts";
import { bytesOf, slotAt, tokenMaker } from "../../src/token/index.ts";

export const KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA" as Secret;

/** What came to a port, or of `ping` to the host, with all that stands after its header. */
export interface Content {
  readonly protocol: "ping" | "udp" | "tcp";
  readonly port: number | undefined;
  readonly bytes: Uint8Array;
}

/** Slots before the present whose tokens still open, and those ahead. */
const LATE_SLOTS = 6;
const SLOTS_AHEAD = 30;

export class TokenGate {
  readonly #policy: Policy;
  readonly #spent = new Set<string>();
  /** Every token that came, also in vain. */
  readonly shown: string[] = [];

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** The doors that a packet opens, which is their last time. `seconds` are since 1970. */
  spend(content: Content, seconds: number): string[] {
    return this.#policy.doors.flatMap(({ name, token }) =>
      (token?.carriers ?? []).some((carrier) => this.#isGood(name, carrier, content, seconds))
        ? [name]
        : [],
    );
  }

  #isGood(door: string, carrier: Carrier, content: Content, seconds: number): boolean {
    const token = tokenIn(carrier, content);
    if (token === undefined) return false;
    this.shown.push(token);
    const make = tokenMaker(bytesOf(KEY), door, carrier);
    for (let ahead = -LATE_SLOTS; ahead <= SLOTS_AHEAD; ahead++) {
      if (make(slotAt(seconds) + ahead).toString("hex") !== token) continue;
      if (this.#spent.has(token)) return false;
      this.#spent.add(token);
      return true;
    }
    return false;
  }
}

/** As the rules look for it: what has all marks of the carrier. */
function tokenIn(carrier: Carrier, { protocol, port, bytes }: Content): string | undefined {
  const form = CARRIERS[carrier.kind];
  const isThere = carrier.kind === "ping" ? port === undefined : port === carrier.port;
  const isMarked = form.marks.every(({ at, bytes: mark }) =>
    mark.every((byte, n) => bytes[at + n] === byte),
  );
  if (form.protocol !== protocol || !isThere || !isMarked) return undefined;
  const token = bytes.subarray(form.offset, form.offset + WIRE_BYTES);
  return token.length === WIRE_BYTES ? Buffer.from(token).toString("hex") : undefined;
}
