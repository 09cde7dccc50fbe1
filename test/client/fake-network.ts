/** Hosts behind a network that delays and loses packets as it is told, in virtual time. */
import type { Answer, Connecting, Echo, Host, Sent } from "../../src/host/index.ts";
import {
  doorOf,
  type Event,
  isBanned,
  type Packet,
  passes,
  pastOf,
} from "../../src/model/index.ts";
import { printAddress } from "../../src/policy/address.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { address as addressOf } from "../scenarios/arbitrary.ts";
import { fakeHost } from "../setup/fake-host.ts";
import { Clock } from "./clock.ts";
import { SignedGate, type Signers } from "./signed-gate.ts";
import { type Content, TokenGate } from "./token-gate.ts";

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
  /** At some of those, by how their packets are written as steps. */
  readonly meets?: Readonly<Record<string, Meeting>>;
  /** By how much the clock of the gate is ahead of the client's; in seconds. */
  readonly clockAhead?: number;
  /** Who may sign; without, signed knocks are not looked at. */
  readonly signers?: Signers | undefined;
  /** Milliseconds until a signed knock that has come has opened. */
  readonly agentTakes?: number;
  /** The client's own address, where another is put in its place on the way. */
  readonly behind?: string | undefined;
}

interface Place extends Required<Site> {
  /** How many packets were sent there. */
  count: number;
  /** What has arrived. */
  readonly story: Event[];
  readonly tokens: TokenGate;
  readonly signed: SignedGate;
  /** Until when a token or a signature has opened the doors, in milliseconds. */
  readonly opened: Map<string, number>;
}

/** A packet that was sent; `isAgain` when the kernel did so by itself. */
export interface Sending {
  readonly at: number;
  readonly address: string;
  /** As steps are written. */
  readonly packet: string;
  readonly isAgain: boolean;
}

interface Outgoing {
  readonly content: Packet["content"];
  readonly isAgain: boolean;
  /** What may be a token in it. */
  readonly token?: Content;
}

const SOURCES = { ipv4: addressOf("192.0.2.10"), ipv6: addressOf("2001:db8::10") };
/** From the start of `ping` to its packet. */
const PING_STARTS = 10;
const PING_MILLISECONDS = 2000;
/** Before the bytes of a pattern. */
const PING_HEADER = Buffer.alloc(16);
/** A segment that was lost is sent again. */
const SEGMENT_AGAIN = 200;
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
  /** The client's clock, in milliseconds since 1970, when nothing has happened yet. */
  epoch = Date.UTC(2026, 0, 1);
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
      meets: {},
      clockAhead: 0,
      signers: undefined,
      agentTakes: 20,
      behind: undefined,
      ...site,
      count: 0,
      story: [],
      tokens: new TokenGate(site.policy),
      signed: new SignedGate(site.policy, site.signers),
      opened: new Map<string, number>(),
    }));
    this.host = {
      ...fakeHost(),
      monotonic: () => this.clock.now,
      now: () => this.epoch + this.clock.now,
      pause: (milliseconds, end) => this.clock.pause(milliseconds, end),
      network: {
        lookUp: () =>
          Promise.resolve(
            sites.length === 0
              ? { why: "ENOTFOUND" }
              : sites.map(({ address }) => ({ address, family: familyOf(address) })),
          ),
        hasRoute: (to) => Promise.resolve(this.#placeAt(to.address).hasRoute),
        sourceTo: ({ address, family }) => {
          const own = this.#placeAt(address).behind ?? printAddress(SOURCES[family]);
          return Promise.resolve({ address: own, isBeside: false });
        },
        connect: (to, port) => this.#connect(this.#placeAt(to.address), port),
        prepareLooks: () => Promise.resolve(),
        look: (to, port) => this.#look(this.#placeAt(to.address), port),
        sendSegment: () => {
          throw new Error("FakeNetwork: no segments are sent here");
        },
        sendDatagram: (to, port, payload) =>
          this.#sendDatagram(this.#placeAt(to.address), port, payload),
        ping: (to, echo) => this.#ping(this.#placeAt(to.address), echo),
        sendEcho: (to, payload) => this.#sendEcho(this.#placeAt(to.address), payload),
        ask: (to, port, request) => this.#ask(this.#placeAt(to.address), port, request),
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

  /** Every token that came to an address, also in vain. */
  tokensAt(address = this.#places[0]?.address ?? ""): readonly string[] {
    return this.#placeAt(address).tokens.shown;
  }

  /** What came to an address that could have been a signed knock. */
  signedAt(address = this.#places[0]?.address ?? ""): SignedGate {
    return this.#placeAt(address).signed;
  }

  #placeAt(address: string): Place {
    const place = this.#places.find((one) => one.address === address);
    if (place === undefined) throw new Error(`FakeNetwork: nothing is at ${address}`);
    return place;
  }

  #connect(to: Place, port: number): Connecting {
    const { sent } = this.#sendSyn(to, port);
    return Object.assign(sent, {
      left: Promise.resolve(true),
      passThrough: () => {
        this.passed.push(`${to.address} tcp/${port}`);
        return Promise.resolve();
      },
    });
  }

  /** What is accepted is reset at once. */
  #look(to: Place, port: number): Sent {
    const { sent } = this.#sendSyn(to, port);
    sent.answer.then(
      (answer) => answer?.kind === "accepted" && sent.end(),
      () => undefined,
    );
    return Object.assign(sent, { left: Promise.resolve(true) });
  }

  /** Sends a request once the connection is accepted, and again while it gets lost. */
  #ask(to: Place, port: number, request: Uint8Array): Sent {
    const begun = this.#sendSyn(to, port);
    const content = { protocol: "tcp", port, bytes: request } as const;
    const sendSegment = (isAgain: boolean) => {
      if (begun.isEnded() && !isAgain) return;
      const hasArrived = this.#sendBytes(to, content, isAgain);
      if (!hasArrived) this.clock.after(SEGMENT_AGAIN, () => sendSegment(true));
      begun.leave(true);
    };
    begun.sent.answer.then(
      (answer) => (answer?.kind === "accepted" ? sendSegment(false) : begun.leave(false)),
      () => undefined,
    );
    return begun.sent;
  }

  #sendSyn(to: Place, port: number) {
    const number = ++this.#flows;
    const content: Packet["content"] = {
      protocol: "tcp",
      sourcePort: 40_000 + number,
      destinationPort: port,
      flags: ["syn"],
      sequenceNumber: number,
      socket: "none",
    };
    const begun = this.#begin();
    const send = (again: number, isAgain: boolean) => {
      if (begun.isOver()) return;
      this.#send(to, { content, isAgain }, begun.settle);
      this.clock.after(again, () => send(2 * again, true));
    };
    send(SYN_AGAIN, false);
    return begun;
  }

  #sendDatagram(to: Place, port: number, bytes: Uint8Array = Buffer.alloc(1)): Sent {
    const { sent, settle, leave } = this.#begin();
    const content = { protocol: "udp", sourcePort: 40_000, destinationPort: port } as const;
    const token = { protocol: "udp", port, bytes } as const;
    this.#send(to, { content, isAgain: false, token }, settle);
    leave(true);
    return sent;
  }

  #ping(to: Place, { payloadBytes, pattern = Buffer.alloc(0) }: Echo): Sent {
    const content = { protocol: "ping", payloadBytes } as const;
    const bytes = Buffer.concat([PING_HEADER, pattern]);
    const token = { protocol: "ping", port: undefined, bytes } as const;
    const { sent, settle, leave, isOver } = this.#begin();
    this.clock.after(PING_STARTS, () => {
      if (!isOver()) this.#send(to, { content, isAgain: false, token }, settle);
      leave(!isOver());
    });
    this.clock.after(PING_STARTS + PING_MILLISECONDS, sent.end);
    return sent;
  }

  /** Nothing listens to what comes back. */
  #sendEcho(to: Place, bytes: Uint8Array): Sent {
    const { sent, leave } = this.#begin();
    const content = { protocol: "ping", payloadBytes: bytes.length } as const;
    const token = { protocol: "ping", port: undefined, bytes } as const;
    this.#send(to, { content, isAgain: false, token }, () => undefined);
    leave(true);
    return sent;
  }

  /** Something that waits for an answer, and is held until it is ended. */
  #begin() {
    let [isOver, isEnded] = [false, false];
    let leave: (hasLeft: boolean) => void = () => undefined;
    const left = new Promise<boolean>((resolve) => {
      leave = resolve;
    });
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
      left,
      end: () => {
        isEnded = true;
        settle(undefined);
        leave(false);
        this.held.delete(sent);
      },
    };
    this.held.add(sent);
    return { sent, settle, leave, isOver: () => isOver, isEnded: () => isEnded };
  }

  #send(to: Place, { content, isAgain, token }: Outgoing, hear: (answer: Answer) => void): void {
    const n = ++to.count;
    const { address } = to;
    const packet = print(content);
    this.sent.push({ at: this.clock.now, address, packet, isAgain });
    if (to.isLost(n, packet)) return;
    this.clock.after(to.delay(n), () => {
      if (token !== undefined) this.#show(to, token);
      const met = this.#arrive(to, content);
      if (met === "silent" || to.isAnswerLost(n)) return;
      const answer = met === "unreachable" ? ({ kind: met, why: "EHOSTUNREACH" } as const) : met;
      const came = typeof answer === "string" ? { kind: answer } : answer;
      this.clock.after(to.delay(n), () => hear(came));
    });
  }

  /** Of a connection that exists; whether it will arrive. */
  #sendBytes(to: Place, token: Content, isAgain: boolean): boolean {
    const n = ++to.count;
    const packet = `tcp/${token.port} data`;
    this.sent.push({ at: this.clock.now, address: to.address, packet, isAgain });
    if (to.isLost(n, packet)) return false;
    this.clock.after(to.delay(n), () => this.#show(to, token));
    return true;
  }

  #show(to: Place, token: Content): void {
    const { tokens, signed, address, clockAhead } = to;
    const seconds = (this.epoch + this.clock.now) / 1000 + clockAhead;
    for (const name of tokens.spend(token, seconds)) this.#open(to, name);
    const door = signed.open(token, SOURCES[familyOf(address)], seconds * 1000);
    if (door !== undefined) this.clock.after(to.agentTakes, () => this.#open(to, door));
  }

  #open({ opened, policy }: Place, name: string): void {
    const door = policy.doors.find((one) => one.name === name);
    opened.set(name, this.clock.now + 1000 * (door?.openForSeconds ?? 0));
  }

  #arrive(to: Place, content: Packet["content"]): Meeting {
    const { policy, address, story, service, others, meets, opened } = to;
    const packet: Packet = {
      source: SOURCES[familyOf(address)],
      destination: addressOf(address),
      destined: "here",
      interface: "test0",
      content,
    };
    story.push({ at: this.clock.now / 1000, kind: "packet", packet });
    const door = doorOf(policy, packet);
    if (door === undefined) return meets[print(content)] ?? others;
    if ((opened.get(door.name) ?? Number.NEGATIVE_INFINITY) > this.clock.now) {
      if (door.singleUse) opened.delete(door.name);
      return service;
    }
    if (passes(pastOf(policy, story), story.length - 1)) return service;
    return door.refuse === "reset" ? "refused" : "silent";
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}

function print(content: Packet["content"]): string {
  if (content.protocol === "ping") return `ping/${content.payloadBytes}`;
  if (content.protocol === "hidden") return "hidden";
  return `${content.protocol}/${content.destinationPort}`;
}
