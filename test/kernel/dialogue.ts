/**
 * Talks to a server segment by segment from addresses that nobody holds, over a raw socket of this
 * process: each answer tells what to send next, which no file of frames can.
 */
import koffi from "koffi";
import type { TcpFlag } from "../../src/model/packet.ts";
import type { Address } from "../../src/policy/address.ts";
import { framesOf } from "./frames.ts";
import { inNamespace } from "./namespace.ts";
import type { Link } from "./network.ts";
import { segment } from "./packets.ts";
import { addressBytes } from "./segments.ts";
import { until } from "./until.ts";

const libc = koffi.load("libc.so.6");
const socket = libc.func("int socket(int, int, int)") as (...a: number[]) => number;
const bind = libc.func("int bind(int, void *, int)") as (f: number, b: Buffer, n: number) => number;
const index = libc.func("uint if_nametoindex(const char *)") as (name: string) => number;
type Transfer = (fd: number, bytes: Buffer, length: number, flags: number) => number;
const sendBytes = libc.func("long send(int, void *, size_t, int)") as Transfer;
const receive = libc.func("long recv(int, void *, size_t, int)") as Transfer;
const close = libc.func("int close(int)") as (fd: number) => number;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 3;
const MSG_DONTWAIT = 0x40;

export interface Wire {
  readonly send: (frames: readonly Uint8Array[]) => void;
  /** What the server has sent since the last look. */
  readonly take: () => Buffer[];
  readonly close: () => void;
}

/** A raw socket on the client's end of a link. */
export function openWire({ client, server }: Link): Wire {
  const fd = inNamespace(client.host.namespace, () => {
    const opened = socket(AF_PACKET, SOCK_RAW, 0);
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    address.writeInt32LE(index(client.interface), 4);
    if (bind(opened, address, address.length) !== 0) throw new Error("openWire: bind failed");
    return opened;
  });
  const room = Buffer.alloc(65_536);
  const take = () => {
    const taken: Buffer[] = [];
    while (true) {
      const length = receive(fd, room, room.length, MSG_DONTWAIT);
      if (length < 0) return taken;
      const frame = Buffer.from(room.subarray(0, length));
      if (frame.subarray(6, 12).equals(server.mac)) taken.push(frame);
    }
  };
  const send = (frames: readonly Uint8Array[]) => {
    for (const frame of frames) {
      const sent = sendBytes(fd, Buffer.from(frame), frame.length, 0);
      if (sent !== frame.length) throw new Error("openWire: a frame was not sent");
    }
  };
  return { send, take, close: () => close(fd) };
}

/** A TCP segment from the server, or an ICMP error of its. */
export interface Reply {
  readonly kind: "syn-ack" | "rst" | "data" | "other" | "icmp error";
  /** Whom it is for, in hexadecimal; 0 where it is no TCP. */
  readonly to: string;
  readonly toPort: number;
  readonly fromPort: number;
  readonly sequence: number;
}

export function parseReply(frame: Buffer): Reply {
  const ip = frame.subarray(14);
  const isIpv4 = (ip[0] ?? 0) >> 4 === 4;
  const header = isIpv4 ? ((ip[0] ?? 0) & 15) * 4 : 40;
  const protocol = ip[isIpv4 ? 9 : 6];
  const to = (isIpv4 ? ip.subarray(16, 20) : ip.subarray(24, 40)).toString("hex");
  const end = isIpv4 ? ip.readUInt16BE(2) : 40 + ip.readUInt16BE(4);
  const inside = ip.subarray(header, end);
  const none = { to, toPort: 0, fromPort: 0, sequence: 0 };
  if (protocol === 58 && (inside[0] ?? 255) < 128) return { kind: "icmp error", ...none };
  if (protocol !== 6) return { kind: "other", ...none };
  const ports = { fromPort: inside.readUInt16BE(0), toPort: inside.readUInt16BE(2) };
  const hasData = inside.length > ((inside[12] ?? 0) >> 4) * 4;
  const kind = kindOf(inside[13] ?? 0, hasData);
  return { kind, to, ...ports, sequence: inside.readUInt32BE(4) };
}

function kindOf(flags: number, hasData: boolean): Reply["kind"] {
  if ((flags & 0x04) !== 0) return "rst";
  if ((flags & 0x12) === 0x12) return "syn-ack";
  return hasData ? "data" : "other";
}

/** One connection as its client sees it. */
export interface Ends {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly port: number;
}

const FIRST = 7_000_000;

/** Frames of one connection; each is the same bytes whenever it is asked for again. */
export function segmentsOf(ends: Ends, link: Link, id = 1) {
  const frame = (flags: readonly TcpFlag[], sequenceNumber: number, acknowledged: number) =>
    framesOf(segment({ ...ends, flags, sequenceNumber }), acknowledged, link);
  return {
    syn: frame(["syn"], FIRST, id),
    ack: (sequence: number) => frame(["ack"], FIRST + 1, (sequence + 1) >>> 0),
    rst: (sequence: number) => frame(["rst", "ack"], FIRST + 1, (sequence + 1) >>> 0),
    finAck: frame(["fin", "ack"], FIRST + 1, 99),
  };
}

/** Talks to a server that greets who connects, at doors and at a port without one. */
export class Dialogue {
  private readonly seen: Reply[] = [];
  private readonly wire: Wire;
  private readonly link: Link;
  private readonly open: number;
  private nextOpen = 20_000;

  /** `open` is a port without a door, at which the same program greets. */
  constructor(link: Link, open: number) {
    this.wire = openWire(link);
    this.link = link;
    this.open = open;
  }

  close(): void {
    this.wire.close();
  }

  /** Sends, and tells what came back to `ends` until all that was sent before had its effects. */
  async answers(ends: Ends, frames: readonly Uint8Array[]): Promise<Reply[]> {
    this.look();
    const before = this.seen.length;
    this.wire.send(frames);
    await this.settle(ends);
    return this.seen.slice(before).filter((reply) => isFor(ends, reply));
  }

  /** Sends, and waits for an answer of that kind to `ends`. */
  async answer(ends: Ends, frames: readonly Uint8Array[], kind: Reply["kind"]): Promise<Reply> {
    this.look();
    const before = this.seen.length;
    const find = () => {
      this.look();
      return this.seen.slice(before).find((reply) => reply.kind === kind && isFor(ends, reply));
    };
    this.wire.send(frames);
    await until(`${kind} from port ${ends.port}`, () => find() !== undefined);
    return find() as Reply;
  }

  /** Sends, whatever comes of it. */
  send(frames: readonly Uint8Array[]): void {
    this.wire.send(frames);
  }

  /** Waits until the server's program has greeted somebody who came after all that was sent. */
  async settle({ source, destination }: Ends): Promise<void> {
    await this.connect({ source, destination, port: this.open, sourcePort: this.nextOpen++ });
  }

  /** A whole handshake, until the server greets; returns the server's sequence number. */
  async connect(ends: Ends): Promise<number> {
    // Not as the SYNs that tests make: a judge has to tell them apart.
    const { syn, ack } = segmentsOf(ends, this.link, 2);
    const { sequence } = await this.answer(ends, syn, "syn-ack");
    await this.answer(ends, ack(sequence), "data");
    return sequence;
  }

  private look(): void {
    this.seen.push(...this.wire.take().map(parseReply));
  }
}

function isFor({ source, sourcePort, port }: Ends, reply: Reply): boolean {
  if (reply.to !== addressBytes(source).toString("hex")) return false;
  return reply.kind === "icmp error" || (reply.toPort === sourcePort && reply.fromPort === port);
}

/** A program of the server that greets whoever connects to one of the ports. */
export function greeter(ends: readonly (readonly [address: string, port: number])[]): string[] {
  const script = `for (const [host, port] of ${JSON.stringify(ends)})
    require("node:net").createServer((s) => { s.on("error", () => {}); s.write("hello\\n"); }).listen({ host, port });`;
  return [process.execPath, "-e", script];
}
