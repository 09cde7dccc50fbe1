/** Packets to other hosts, with no more privileges than any program has. */
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { finished, pipeline } from "node:stream/promises";
import type { Family } from "../policy/address.ts";

/** Where packets go: one address, with its zone where it is of a link. */
export interface Destination {
  readonly address: string;
  readonly family: Family;
}

/**
 * What a packet met: `accepted` somebody who answers, `refused` a host on which nothing listens
 * there, `unreachable` neither (`why` is the system's word for it).
 */
export type Answer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused" }
  | { readonly kind: "unreachable"; readonly why: string };

/** A packet that was sent, and perhaps more of the same if nothing answers. */
export interface Sent {
  /** Undefined once {@link Sent.end} was called before anything came. */
  readonly answer: Promise<Answer | undefined>;
  /** Sends no more, and listens no longer. Done twice, it is the same as once. */
  end(): void;
}

/** A connection that is being made; its first packet is a SYN. */
export interface Connecting extends Sent {
  /** Passes stdin into it, once accepted, and to stdout what comes of it, until both have ended. */
  passThrough(): Promise<void>;
}

export interface Network {
  /** Every address of a name, in the order in which programs of this host would try them. */
  lookUp(name: string): Promise<readonly Destination[] | { readonly why: string }>;
  /** Whether this host knows a way there; sends nothing. */
  hasRoute(destination: Destination): Promise<boolean>;
  /** Begins a TCP connection. */
  connect(destination: Destination, port: number): Connecting;
  /** Sends one UDP datagram with one byte of zero, as knockd's client does. */
  sendDatagram(destination: Destination, port: number): Sent;
}

export const network: Network = { lookUp, hasRoute, connect: startConnection, sendDatagram };

async function lookUp(name: string): Promise<readonly Destination[] | { readonly why: string }> {
  try {
    const found = await lookup(name, { all: true, verbatim: true });
    return found.map(({ address, family }) => ({
      address,
      family: family === 6 ? "ipv6" : "ipv4",
    }));
  } catch (error) {
    return { why: codeOf(error) };
  }
}

/** The kernel picks the way when a datagram socket is connected. */
async function hasRoute({ address, family }: Destination): Promise<boolean> {
  const socket = createSocket(family === "ipv6" ? "udp6" : "udp4");
  try {
    return await new Promise((resolve) => {
      socket.once("error", () => resolve(false));
      socket.once("connect", () => resolve(true));
      socket.connect(ANY_PORT, address);
    });
  } finally {
    socket.close();
  }
}

const ANY_PORT = 9;

function startConnection({ address, family }: Destination, port: number): Connecting {
  const socket = connect({
    host: address,
    port,
    family: family === "ipv6" ? 6 : 4,
    // What was sent to its end may still be answered.
    allowHalfOpen: true,
    keepAlive: true,
  });
  socket.setNoDelay(true);
  const { answer, settle } = awaiting();
  socket.once("connect", () => settle({ kind: "accepted" }));
  socket.on("error", (error) => settle(answerIn(error)));
  return {
    answer,
    end: () => {
      settle(undefined);
      socket.destroy();
    },
    passThrough: async () => {
      const { stdin, stdout } = process;
      // Fails when the other side is gone.
      pipeline(stdin, socket).catch(() => undefined);
      // No pipeline: that would take a connection that breaks for a result that cannot be written.
      socket.pipe(stdout, { end: false });
      stdout.once("error", () => socket.destroy());
      await finished(socket, { writable: false }).catch(() => undefined);
      // As stdout stays open, its reader sees only by our end that no more will come; and nobody
      // would answer what could still be typed.
      stdin.destroy();
      socket.destroy();
    },
  };
}

function sendDatagram({ address, family }: Destination, port: number): Sent {
  const socket = createSocket(family === "ipv6" ? "udp6" : "udp4");
  const { answer, settle } = awaiting();
  socket.once("message", () => settle({ kind: "accepted" }));
  // A host on which nothing listens says so (ICMP), and the kernel tells a connected socket.
  socket.on("error", (error) => settle(answerIn(error)));
  socket.connect(port, address, () => socket.send(Buffer.alloc(1)));
  let isOver = false;
  return {
    answer,
    end: () => {
      settle(undefined);
      if (isOver) return;
      isOver = true;
      socket.removeAllListeners("message").close();
    },
  };
}

/** An answer that somebody waits for; the first to come counts. */
function awaiting() {
  let settle: (answer: Answer | undefined) => void = () => undefined;
  const answer = new Promise<Answer | undefined>((resolve) => {
    settle = resolve;
  });
  return { answer, settle };
}

function answerIn(error: unknown): Answer {
  const why = codeOf(error);
  return why === "ECONNREFUSED" ? { kind: "refused" } : { kind: "unreachable", why };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
