/** Hosts behind a network that delays and loses packets as it is told, in virtual time. */
import type { Answer, Connecting, Host, Running, Sent } from "../../src/host/index.ts";
import {
  doorOf,
  type Event,
  isBanned,
  type Packet,
  passes,
  pastOf,
} from "../../src/model/index.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { address as addressOf } from "../scenarios/arbitrary.ts";
import { fakeHost } from "../setup/fake-host.ts";
import { Clock } from "./clock.ts";

/** What a packet meets that the gate lets through. */
export type Meeting = "accepted" | "refused" | "silent" | "unreachable";

/** One address of the host that is knocked at. Packets to it are numbered from 1 as they are sent. */
export interface Site {
  readonly address: string;
  /** Of its gate, which the model plays. */
  readonly policy: Policy;
  readonly hasRoute?: boolean;
  /** Milliseconds that a packet takes there, and its answer back. */
  readonly delay?: (n: number) => number;
  /** By its number, or as it is written as a step. */
  readonly isLost?: (n: number, packet: string) => boolean;
  readonly isAnswerLost?: (n: number) => boolean;
  /** At the ports that a door protects. */
  readonly service?: Meeting;
  /** At all others, and for pings. */
  readonly others?: Meeting;
}

interface Place extends Required<Site> {
  /** How many packets were sent there. */
  count: number;
  /** What has arrived. */
  readonly story: Event[];
}

/** A packet that was sent; `isAgain` when the kernel did so by itself. */
export interface Sending {
  readonly at: number;
  readonly address: string;
  /** As steps are written. */
  readonly packet: string;
  readonly isAgain: boolean;
}

const SOURCES = { ipv4: addressOf("192.0.2.10"), ipv6: addressOf("2001:db8::10") };
/** From the start of `ping` to its packet. */
const PING_STARTS = 10;
/** Between a SYN and the next; then twice as long, and so on. */
const SYN_AGAIN = 1000;

export class FakeNetwork {
  readonly clock = new Clock();
  readonly sent: Sending[] = [];
  /** What was begun and has not been ended. */
  readonly held = new Set<Sent>();
  readonly host: Host;
  /** Where stdin and stdout were passed through. */
  readonly passed: string[] = [];
  /** The argument vectors of what was started. */
  readonly started: (readonly string[])[] = [];
  readonly #places: readonly Place[];
  #flows = 0;

  constructor(...sites: readonly Site[]) {
    this.#places = sites.map((site) => ({
      hasRoute: true,
      delay: () => 10,
      isLost: () => false,
      isAnswerLost: () => false,
      service: "accepted",
      others: "silent",
      ...site,
      count: 0,
      story: [],
    }));
    this.host = {
      ...fakeHost(),
      monotonic: () => this.clock.now,
      pause: (milliseconds, end) => this.clock.pause(milliseconds, end),
      start: (argv) => this.#ping(argv),
      network: {
        lookUp: () =>
          Promise.resolve(
            sites.length === 0
              ? { why: "ENOTFOUND" }
              : sites.map(({ address }) => ({ address, family: familyOf(address) })),
          ),
        hasRoute: (to) => Promise.resolve(this.#placeAt(to.address).hasRoute),
        connect: (to, port) => this.#connect(this.#placeAt(to.address), port),
        sendDatagram: (to, port) => this.#sendDatagram(this.#placeAt(to.address), port),
      },
    };
  }

  /** What was sent to an address, but for what the kernel sends again. */
  packetsTo(address = this.#places[0]?.address): string[] {
    return this.sent
      .filter((sending) => sending.address === address && !sending.isAgain)
      .map(({ packet }) => packet);
  }

  /** Whether a gate has banned who knocks. */
  isBannedAt(address = this.#places[0]?.address ?? ""): boolean {
    const { policy, story } = this.#placeAt(address);
    const source = SOURCES[familyOf(address)];
    return isBanned(pastOf(policy, story), source, story.length, this.clock.now / 1000);
  }

  #placeAt(address: string): Place {
    const place = this.#places.find((one) => one.address === address);
    if (place === undefined) throw new Error(`FakeNetwork: nothing is at ${address}`);
    return place;
  }

  #connect(to: Place, port: number): Connecting {
    const number = ++this.#flows;
    const content: Packet["content"] = {
      protocol: "tcp",
      sourcePort: 40_000 + number,
      destinationPort: port,
      flags: ["syn"],
      sequenceNumber: number,
      socket: "none",
    };
    const { sent, settle, isOver } = this.#begin();
    const send = (again: number, isAgain: boolean) => {
      if (isOver()) return;
      this.#send(to, { content, isAgain }, settle);
      this.clock.after(again, () => send(2 * again, true));
    };
    send(SYN_AGAIN, false);
    return Object.assign(sent, {
      passThrough: () => {
        this.passed.push(`${to.address} tcp/${port}`);
        return Promise.resolve();
      },
    });
  }

  #sendDatagram(to: Place, port: number): Sent {
    const { sent, settle } = this.#begin();
    const content = { protocol: "udp", sourcePort: 40_000, destinationPort: port } as const;
    this.#send(to, { content, isAgain: false }, settle);
    return sent;
  }

  /** `ping`, as far as a step takes it. */
  #ping(argv: readonly string[]): Running {
    this.started.push(argv);
    const to = this.#placeAt(argv.at(-1) ?? "");
    const content = {
      protocol: "ping",
      payloadBytes: Number(argv[argv.indexOf("-s") + 1]),
    } as const;
    const { sent, settle, isOver } = this.#begin();
    this.clock.after(PING_STARTS, () => {
      if (!isOver()) this.#send(to, { content, isAgain: false }, settle);
    });
    const seconds = Number(argv[argv.indexOf("-W") + 1]);
    this.clock.after(PING_STARTS + 1000 * seconds, sent.end);
    const isUnreachable = async () => (await sent.answer)?.kind === "unreachable";
    return {
      pid: 1,
      lines: (async function* () {
        if (await isUnreachable()) yield "ping: sendmsg: Network is unreachable";
      })(),
      write: () => undefined,
      closeInput: () => undefined,
      stop: sent.end,
      ended: sent.answer.then((answer) => statusOf(answer)),
    };
  }

  /** Something that waits for an answer, and is held until it is ended. */
  #begin() {
    let isOver = false;
    let resolveAnswer: (answer: Answer | undefined) => void = () => undefined;
    const answer = new Promise<Answer | undefined>((resolve) => {
      resolveAnswer = resolve;
    });
    const settle = (came: Answer | undefined) => {
      isOver = true;
      resolveAnswer(came);
    };
    const sent: Sent = {
      answer,
      end: () => {
        settle(undefined);
        this.held.delete(sent);
      },
    };
    this.held.add(sent);
    return { sent, settle, isOver: () => isOver };
  }

  #send(
    to: Place,
    { content, isAgain }: { readonly content: Packet["content"]; readonly isAgain: boolean },
    hear: (answer: Answer) => void,
  ): void {
    const n = ++to.count;
    const { address } = to;
    const packet = print(content);
    this.sent.push({ at: this.clock.now, address, packet, isAgain });
    if (to.isLost(n, packet)) return;
    this.clock.after(to.delay(n), () => {
      const met = this.#arrive(to, content);
      if (met === "silent" || to.isAnswerLost(n)) return;
      const answer = met === "unreachable" ? ({ kind: met, why: "EHOSTUNREACH" } as const) : met;
      const came = typeof answer === "string" ? { kind: answer } : answer;
      this.clock.after(to.delay(n), () => hear(came));
    });
  }

  #arrive({ policy, address, story, service, others }: Place, content: Packet["content"]): Meeting {
    const packet: Packet = {
      source: SOURCES[familyOf(address)],
      destination: addressOf(address),
      destined: "here",
      interface: "test0",
      content,
    };
    story.push({ at: this.clock.now / 1000, kind: "packet", packet });
    const door = doorOf(policy, packet);
    if (door === undefined) return others;
    if (passes(pastOf(policy, story), story.length - 1)) return service;
    return door.refuse === "reset" ? "refused" : "silent";
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}

function print(content: Packet["content"]): string {
  if (content.protocol === "ping") return `ping/${content.payloadBytes}`;
  return `${content.protocol}/${content.destinationPort}`;
}

/** As `ping` ends. */
function statusOf(answer: Answer | undefined): number {
  if (answer === undefined) return 1;
  return answer.kind === "unreachable" ? 2 : 0;
}
