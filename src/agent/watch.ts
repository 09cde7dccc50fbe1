/** Watches over the gate itself: what else on the host changes rules, and may have taken it away. */
import {
  findGate,
  isEmptied,
  type KnownGate,
  readKnownGate,
  readSignedGate,
  restoreGate,
  type SignedGateNow,
} from "../gate/index.ts";
import type { Host, Socket } from "../host/index.ts";
import { ok, type Problem, type Result } from "../problem/problem.ts";
import type { Tell } from "./event.ts";
import { parseGeneration, printAskGeneration } from "./netlink.ts";

export interface Watch {
  /** Looks whether anything has changed, and brings back what is gone. True: the gate is another. */
  look(): Promise<boolean>;
  /** As it was when somebody last looked; undefined: none that signed knocks open. */
  readonly signed: SignedGateNow | undefined;
  /** At the next look everything is read, whether it has changed or not. */
  readAnew(): void;
  close(): void;
}

/** Grants and bans are made by packets, of which nobody is told: so often they are read. */
const MEMBERS_EVERY_SECONDS = 15;
/** And after each change that netlink announces, such as members that commands put into sets. */
const MEMBERS_AFTER_SECONDS = 1;
/** Reading full sets takes a second of a processor: it has at most one of so many. */
const READING_SHARE = 5;

/** What could not be read is tried again. */
const AGAIN_SECONDS = 5;

/** No gate has this fingerprint. */
const NONE_YET = "none yet";

/** @param file the policy of this host, in case the gate does not know its own. */
export async function openWatch(host: Host, file: string, tell: Tell): Promise<Result<Watch>> {
  const sockets = await host.sockets();
  if (!sockets.ok) return sockets;
  const socket = sockets.value.netfilter();
  if (!socket.ok) return socket;
  return ok(new GateWatch(host, file, tell, socket.value));
}

class GateWatch implements Watch {
  signed: SignedGateNow | undefined;
  #known: KnownGate | undefined;
  #state = "";
  /** Of the gate that was read last; undefined: there is none. */
  #fingerprint: string | undefined = NONE_YET;
  #readAt = Number.NEGATIVE_INFINITY;
  /** Whether something has changed since. */
  #isStale = false;
  #pauseSeconds = MEMBERS_AFTER_SECONDS;
  #waitUntil = Number.NEGATIVE_INFINITY;
  #lastProblem = "";
  readonly #host: Host;
  readonly #file: string;
  readonly #tell: Tell;
  readonly #socket: Socket;

  constructor(host: Host, file: string, tell: Tell, socket: Socket) {
    this.#host = host;
    this.#file = file;
    this.#tell = tell;
    this.#socket = socket;
  }

  async look(): Promise<boolean> {
    try {
      return await this.#look();
    } catch (error) {
      this.#lookAgainSoon();
      throw error;
    }
  }

  async #look(): Promise<boolean> {
    const now = this.#host.monotonic() / 1000;
    if (now < this.#waitUntil) return false;
    const state = await this.#readState();
    const isSame = state === this.#state;
    if (!isSame) this.#isStale = true;
    const isDue = now - this.#readAt > (this.#isStale ? this.#pauseSeconds : MEMBERS_EVERY_SECONDS);
    if (isSame && !isDue) return false;
    this.#state = state;
    if (isDue) {
      this.#readAt = now;
      this.#isStale = false;
    }
    if (isSame && this.#known !== undefined) {
      await this.#readMembers(this.#known);
      return false;
    }
    return await this.#lookAtGate(isDue);
  }

  async #lookAtGate(isDue: boolean): Promise<boolean> {
    const gate = await findGate(this.#host, { members: false });
    if (!gate.ok) {
      this.#tellOnce(gate.problems);
      this.#lookAgainSoon();
      return false;
    }
    const gaps = gate.value?.listing.gaps ?? [];
    if (gate.value === undefined || gaps.length > 0) return this.#bringBack();
    const isAnother = gate.value.listing.fingerprint !== this.#fingerprint;
    const known = this.#known;
    if (!isAnother && known !== undefined && isEmptied(gate.value.listing, known)) {
      return this.#bringBack();
    }
    if (isAnother) await this.#readMembers();
    else if (isDue) await this.#readMembers(known);
    return isAnother ? this.#readAnew(gate.value.listing.fingerprint) : false;
  }

  /** What could not be read may be gone: it is not taken for read. */
  #lookAgainSoon(): void {
    this.#state = "";
    this.#waitUntil = this.#host.monotonic() / 1000 + AGAIN_SECONDS;
  }

  readAnew(): void {
    this.#state = "";
    this.#fingerprint = NONE_YET;
  }

  close(): void {
    this.#socket.close();
  }

  /** Differs whenever rules have been changed by anybody, and costs next to nothing. */
  async #readState(): Promise<string> {
    this.#socket.write(printAskGeneration());
    const generation = parseGeneration(this.#socket.readNow());
    // The older kind of iptables has no number; its lists come and go with the rules.
    const lists = await this.#host.listFolder("/proc/net/xt_recent");
    return `${generation} ${lists.ok ? lists.value.toSorted().join(" ") : ""}`;
  }

  async #bringBack(): Promise<boolean> {
    const known = this.#known;
    if (known === undefined) return this.#forget("missing");
    const restored = await restoreGate(this.#host, known);
    if (!restored.ok) {
      this.#tellOnce(restored.problems);
      // Until it stands there is nothing that could be as it was.
      this.#state = "";
      return false;
    }
    if (restored.value === "taken away") {
      this.#known = undefined;
      return this.#forget("taken away");
    }
    if (restored.value === "restored") this.#tell({ kind: "gate", became: "restored" });
    this.readAnew();
    return false;
  }

  #forget(became: "missing" | "taken away"): boolean {
    if (this.#fingerprint !== undefined) this.#tell({ kind: "gate", became });
    this.#fingerprint = undefined;
    this.signed = undefined;
    return true;
  }

  async #readMembers(before?: KnownGate): Promise<void> {
    const begun = this.#host.monotonic() / 1000;
    const known = await readKnownGate(this.#host, before);
    if (known.ok && known.value !== undefined) {
      // Meanwhile something has flushed it and loaded it again: what was known is worth more.
      if (before !== undefined && known.value.handle !== before.handle) this.#state = "";
      else this.#known = known.value;
    }
    this.#readAt = this.#host.monotonic() / 1000;
    this.#pauseSeconds = Math.max(MEMBERS_AFTER_SECONDS, (this.#readAt - begun) * READING_SHARE);
  }

  async #readAnew(fingerprint: string | undefined): Promise<boolean> {
    const read = await readSignedGate(this.#host, this.#file);
    this.signed = read.ok ? read.value : undefined;
    if (!read.ok) this.#tellOnce(read.problems);
    this.#fingerprint = fingerprint;
    return true;
  }

  /** What is wrong may be so at every look. */
  #tellOnce(problems: readonly Problem[]): void {
    const all = problems.map(({ what }) => what).join("\n");
    if (all === this.#lastProblem) return;
    this.#lastProblem = all;
    for (const problem of problems) this.#tell({ kind: "problem", problem });
  }
}
