/** Packets to other hosts, with no more privileges than any program has. */
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { finished, pipeline } from "node:stream/promises";
import { type Family, parseAddress, parsePrefix, prefixHolds } from "../policy/address.ts";
import type { Result } from "../problem/problem.ts";
import { answerIn, awaiting, codeOf, type Sent } from "./answer.ts";
import { ask } from "./asking.ts";
import { sendEcho } from "./echo.ts";
import { reset, startLook } from "./look.ts";
import { type Echo, sendPing } from "./ping.ts";
import { type Flag, sendSegment } from "./segment.ts";
import { loadSockets } from "./sockets.ts";

/** Where packets go: one address, with its zone where it is of a link. */
export interface Destination {
  readonly address: string;
  readonly family: Family;
}

/** Where the packets to a destination come from, as this host knows it. */
export interface Source {
  /** Without its zone. */
  readonly address: string;
  /**
   * Whether the destination is in a network that this host is in with that address, so that nobody
   * between the two puts another in its place.
   */
  readonly isBeside: boolean;
}

/** A connection that is being made; its first packet is a SYN. */
export interface Connecting extends Sent {
  /** Ends it: a connection that exists by a reset. */
  end(): void;
  /** Passes stdin into it, once accepted, and to stdout what comes of it, until both have ended. */
  passThrough(): Promise<void>;
}

export interface Network {
  /** Every address of a name, in the order in which programs of this host would try them. */
  lookUp(name: string): Promise<readonly Destination[] | { readonly why: string }>;
  /** Whether this host knows a way there; sends nothing. */
  hasRoute(destination: Destination): Promise<boolean>;
  /** The source of packets there; undefined where there is no way. Sends nothing. */
  sourceTo(destination: Destination): Promise<Source | undefined>;
  /** Begins a TCP connection. */
  connect(destination: Destination, port: number): Connecting;
  /** Loads what looks are made with, so that none of them has to wait for it. */
  prepareLooks(): Promise<unknown>;
  /**
   * Begins one to see whether it is accepted, and resets it then: mostly before the handshake is
   * finished, so that the service never sees it.
   */
  look(destination: Destination, port: number): Sent;
  /**
   * Sends a TCP segment of no connection, to which only a reset is an answer: `refused`. A problem
   * where this user may not.
   */
  sendSegment(destination: Destination, port: number, flag: Flag): Promise<Result<Sent>>;
  /** Sends one UDP datagram; without a payload one byte of zero, as knockd's client does. */
  sendDatagram(destination: Destination, port: number, payload?: Uint8Array): Sent;
  /** Sends one echo request. */
  ping(destination: Destination, echo: Echo): Sent;
  /** The same with a payload that the program `ping` could not send; listens to no answer. */
  sendEcho(destination: Destination, payload: Uint8Array): Sent;
  /** Connects, and sends a request in one segment. Accepted is the connection, whatever comes of it. */
  ask(destination: Destination, port: number, request: Uint8Array): Sent;
}

export const network: Network = {
  ...{ lookUp, hasRoute, sourceTo, sendDatagram, ask },
  connect: startConnection,
  prepareLooks: loadSockets,
  look: startLook,
  sendSegment: async (to, port, flag) => sendSegment(to, await sourceTo(to), { port, flag }),
  ping: sendPing,
  sendEcho,
};

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

async function hasRoute(destination: Destination): Promise<boolean> {
  return (await localAddressTo(destination)) !== undefined;
}

async function sourceTo(destination: Destination): Promise<Source | undefined> {
  const address = await localAddressTo(destination);
  if (address === undefined) return undefined;
  const [target] = destination.address.split("%");
  const to = parseAddress(target ?? "");
  const networks = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap((own) => (own.address === address ? (parsePrefix(own.cidr ?? "") ?? []) : []));
  const isBeside = to !== undefined && networks.some((network) => prefixHolds(network, to));
  return { address, isBeside };
}

/** The kernel picks the way when a datagram socket is connected. */
async function localAddressTo({ address, family }: Destination): Promise<string | undefined> {
  const socket = createSocket(family === "ipv6" ? "udp6" : "udp4");
  try {
    return await new Promise((resolve) => {
      socket.once("error", () => resolve(undefined));
      socket.once("connect", () => resolve(socket.address().address.replace(/%.*/, "")));
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
    left: Promise.resolve(true),
    end: () => {
      settle(undefined);
      reset(socket);
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

function sendDatagram(
  { address, family }: Destination,
  port: number,
  payload: Uint8Array = Buffer.alloc(1),
): Sent {
  const socket = createSocket(family === "ipv6" ? "udp6" : "udp4");
  const { answer, settle, left, leave } = awaiting();
  socket.once("message", () => settle({ kind: "accepted" }));
  // A host on which nothing listens says so (ICMP), and the kernel tells a connected socket.
  socket.on("error", (error) => {
    settle(answerIn(error));
    leave(false);
  });
  let isOver = false;
  socket.connect(port, address, () => {
    if (isOver) return;
    socket.send(payload, (error) => {
      if (error !== null) settle(answerIn(error));
      leave(error === null);
    });
  });
  return {
    answer,
    left,
    end: () => {
      settle(undefined);
      leave(false);
      if (isOver) return;
      isOver = true;
      socket.removeAllListeners("message").close();
    },
  };
}
