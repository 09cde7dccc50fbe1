/** The way to one address: what was sent over it, and what came back. */
import type { Answer, Connecting, Destination, Host, Sent } from "../../host/index.ts";
import { Pace, type Patience } from "./pace.ts";
import { type Packet, printPacket, sendPacket } from "./packet.ts";
import type { Move } from "./tries.ts";

/** What somebody who looks on sees of a knock. Steps are secret, and it has them. */
export interface Sight {
  /** By the clock for differences of the host. */
  readonly at: number;
  readonly address: string;
  /** As steps, carriers and services are written. */
  readonly packet: string;
  /** Undefined: it was sent. */
  readonly answer: Answer | undefined;
}

interface Circumstances {
  readonly withinSeconds: number;
  /** Whether it is only looked whether connections are accepted, and none is left. */
  readonly isLook: boolean;
  readonly watch: (sight: Sight) => void;
  /** Aborted when nobody waits any longer. */
  readonly end: AbortSignal;
}

/**
 * In milliseconds. After a second the kernel would send a SYN again, and the gate, which has gone on
 * or has begun anew, would take it for a wrong step.
 */
const UNREPEATED = 800;

/** A packet of a move. */
interface Made {
  readonly sent: Sent;
  /** Fulfilled when it has certainly arrived, and rejected when it certainly has not. */
  readonly arrival: Promise<void>;
}

/** To connect. */
export interface Attempt {
  readonly sent: Sent;
  /** Undefined where it was only looked, and nothing is left of it. */
  readonly connection: Connecting | undefined;
}

type Fate = "fulfilled" | "rejected" | "pending";

export class Way {
  readonly #host: Host;
  readonly #to: Destination;
  readonly #watch: (sight: Sight) => void;
  readonly #end: AbortSignal;
  readonly #isLook: boolean;
  readonly #pace: Pace;
  readonly #sent: Sent[] = [];
  readonly #attempts: Attempt[] = [];
  #entered: Attempt | undefined;
  readonly #turnedBack = new Set<string>();
  /** What connections have met last: nothing, or what stood in their way. */
  met = "silent";

  constructor(host: Host, to: Destination, { withinSeconds, isLook, watch, end }: Circumstances) {
    this.#host = host;
    this.#to = to;
    this.#watch = watch;
    this.#isLook = isLook;
    // Of one signal that many listen to, Node.js takes the listeners for a leak and says so.
    this.#end = AbortSignal.any([end]);
    this.#pace = new Pace(withinSeconds);
  }

  /** Makes every move, one after the other. Whether each has left this host. */
  async make(moves: readonly Move[]): Promise<boolean> {
    let haveLeft = true;
    for (const move of moves) haveLeft = (await this.#move(move)) && haveLeft;
    return haveLeft;
  }

  /** Begins connections until one is accepted; undefined when none is. */
  async enter(ports: readonly number[], patience: Patience): Promise<Attempt | undefined> {
    let next = this.#host.monotonic();
    for (const pause of this.#pace.connectPauses(patience)) {
      // What was refused may be let in a moment later, when a late packet has come.
      await this.#host.pause(next - this.#host.monotonic(), this.#end);
      next = this.#host.monotonic() + pause;
      if (this.#end.aborted) break;
      for (const port of ports) this.#connect(port);
      const accepted = this.#attempts.map(async (attempt) => {
        if ((await attempt.sent.answer)?.kind !== "accepted") throw new Error("not accepted");
        this.#entered ??= attempt;
      });
      if ((await this.#fateWithin(pause, Promise.any(accepted))) === "fulfilled") break;
    }
    return this.#entered;
  }

  /** What kept packets from being sent, or sent them back: the system's words for it. */
  get turnedBack(): readonly string[] {
    return [...this.#turnedBack];
  }

  /** Lets go of everything but the connection that was made. */
  leave(): void {
    for (const one of this.#sent) one.end();
    for (const one of this.#attempts) {
      if (one !== this.#entered || one.connection === undefined) one.sent.end();
    }
  }

  /** Who is careful sends each of them, since a firewall may answer for a host behind it. */
  async #move({ packets, care }: Move): Promise<boolean> {
    const made: Made[] = [];
    let hasLeft = false;
    for (const packet of packets) {
      if (this.#end.aborted) return hasLeft;
      const one = this.#send(packet);
      made.push(one);
      if (await this.#leaves(packet, one)) hasLeft = true;
      const arrivals = care === "quick" ? made : [one];
      const awaited = Promise.any(arrivals.map(({ arrival }) => arrival));
      const fate = await this.#fateWithin(this.#pace.pauseAfter(care), awaited);
      if (fate !== "fulfilled" || care !== "quick") continue;
      // What has not left by now, as a ping that is still starting, would come behind the next step.
      for (const { sent } of made) sent.end();
      return hasLeft;
    }
    return hasLeft;
  }

  async #leaves(packet: Packet, { sent }: Made): Promise<boolean> {
    const left = sent.left.then((hasLeft) => {
      if (!hasLeft) throw new Error("not left");
    });
    const fate = await this.#fateWithin(this.#pace.leavePause(packet), left);
    if (packet.kind === "token" && fate === "pending" && !this.#end.aborted) {
      this.#turnedBack.add(`${printPacket(packet)} does not answer`);
    }
    return fate === "fulfilled";
  }

  #send(packet: Packet): Made {
    const sent = sendPacket(this.#host, this.#to, packet);
    this.#sent.push(sent);
    const end = () => sent.end();
    if (packet.kind === "tcp") this.#fateWithin(UNREPEATED, sent.answer).then(end, end);
    return { sent, arrival: this.#arrival(packet, sent) };
  }

  async #arrival(packet: Packet, sent: Sent): Promise<void> {
    const answer = await this.#see(printPacket(packet), sent);
    if (answer?.kind === "unreachable") this.#turnedBack.add(answer.why);
    if (answer?.kind === "refused" && !(await sent.left)) {
      this.#turnedBack.add(`${printPacket(packet)} refuses`);
    }
    if (answer === undefined || answer.kind === "unreachable") throw new Error("not arrived");
  }

  #connect(port: number): void {
    const attempt = this.#attempt(port);
    this.#attempts.push(attempt);
    this.#see(`tcp/${port}`, attempt.sent).then(
      (answer) => {
        if (answer === undefined || answer.kind === "accepted") return;
        this.met = answer.kind === "refused" ? "refused" : answer.why;
      },
      () => undefined,
    );
  }

  #attempt(port: number): Attempt {
    const { network } = this.#host;
    if (this.#isLook) return { sent: network.look(this.#to, port), connection: undefined };
    const connection = network.connect(this.#to, port);
    return { sent: connection, connection };
  }

  async #see(packet: string, { answer }: Sent): Promise<Answer | undefined> {
    const { address } = this.#to;
    const at = this.#host.monotonic();
    this.#watch({ at, address, packet, answer: undefined });
    const came = await answer;
    if (came === undefined || this.#end.aborted) return undefined;
    const now = this.#host.monotonic();
    if (came.kind !== "unreachable") this.#pace.hear(now - at);
    this.#watch({ at: now, address, packet, answer: came });
    return came;
  }

  /** What becomes of it in that time. */
  async #fateWithin(milliseconds: number, awaited: Promise<unknown>): Promise<Fate> {
    const decided = new AbortController();
    const end = AbortSignal.any([decided.signal, this.#end]);
    const fate = await Promise.race<Fate>([
      awaited.then(
        () => "fulfilled",
        () => "rejected",
      ),
      this.#host.pause(milliseconds, end).then(() => "pending"),
    ]);
    decided.abort();
    return fate;
  }
}
