/** TCP segments of no connection, as scanners send them to see whether something listens. */
import { randomBytes, randomInt } from "node:crypto";
import { fail, ok, type Result } from "../problem/problem.ts";
import { answerIn, awaiting, codeOf, type Sent } from "./answer.ts";
import type { Destination, Source } from "./network.ts";
import { checksumOf, numbersOf } from "./numbers.ts";
import { loadSockets, type Socket } from "./sockets.ts";

/** The only flag that is set. */
export type Flag = "fin" | "ack";

const FLAGS = { fin: 0x01, reset: 0x04, ack: 0x10 } as const;
const TCP = 6;
const HEADER_BYTES = 20;
/** In milliseconds. A raw socket wakes up nobody here. */
const LOOK_AGAIN = 5;
const WINDOW = 1024;

/**
 * Sends one from a port of its own. Answered by a reset it is `refused`; nothing else answers it.
 * A problem where this user may not, or the package for it is missing.
 */
export async function sendSegment(
  to: Destination,
  source: Source | undefined,
  { port, flag }: { readonly port: number; readonly flag: Flag },
): Promise<Result<Sent>> {
  const sockets = await loadSockets();
  if (!sockets.ok) return sockets;
  const { bytes, scope } = numbersOf(to);
  if (source === undefined) return fail(NO_SOURCE);
  const socket = sockets.value.segments(bytes, scope);
  if (!socket.ok) return socket;
  const ownPort = randomInt(32_768, 61_000);
  const ends = { from: numbersOf(source).bytes, ownPort, to: bytes, port };
  return ok(exchange(socket.value, printSegment(ends, flag), ends));
}

const NO_SOURCE = {
  code: "host-no-way",
  severity: "error",
  what: "this host knows no way there",
  fix: "`ip route get ADDRESS` shows what it knows",
} as const;

interface Ends {
  readonly from: Uint8Array;
  readonly ownPort: number;
  readonly to: Uint8Array;
  readonly port: number;
}

function exchange(socket: Socket, segment: Uint8Array, ends: Ends): Sent {
  const { answer, settle } = awaiting();
  let timer: NodeJS.Timeout | undefined;
  let hasLeft = true;
  try {
    socket.write(segment);
  } catch (error) {
    hasLeft = false;
    settle(answerIn(error));
  }
  const end = () => {
    settle(undefined);
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    socket.close();
  };
  const look = () => {
    try {
      while (!isReset(socket.readNow(), ends));
      settle({ kind: "refused" });
    } catch (error) {
      if (codeOf(error) === "EAGAIN") return;
      settle(answerIn(error));
    }
    end();
  };
  timer = setInterval(look, LOOK_AGAIN);
  return { answer, left: Promise.resolve(hasLeft), end };
}

/** Of IPv4 the socket reads packets, of IPv6 what is in them. */
function isReset(packet: Uint8Array, { ownPort, port, to }: Ends): boolean {
  const start = to.length === 4 ? ((packet[0] ?? 0) & 0x0f) * 4 : 0;
  if (packet.length < start + HEADER_BYTES) return false;
  const view = new DataView(packet.buffer, packet.byteOffset + start, HEADER_BYTES);
  const isOurs = view.getUint16(0) === port && view.getUint16(2) === ownPort;
  return isOurs && (view.getUint8(13) & FLAGS.reset) !== 0;
}

function printSegment({ from, ownPort, to, port }: Ends, flag: Flag): Uint8Array {
  const segment = Buffer.alloc(HEADER_BYTES);
  segment.writeUInt16BE(ownPort, 0);
  segment.writeUInt16BE(port, 2);
  segment.set(randomBytes(4), 4);
  if (flag === "ack") segment.set(randomBytes(4), 8);
  segment.writeUInt8((HEADER_BYTES / 4) << 4, 12);
  segment.writeUInt8(FLAGS[flag], 13);
  segment.writeUInt16BE(WINDOW, 14);
  segment.writeUInt16BE(checksumOf(Buffer.concat([from, to, pseudoEnd(to), segment])), 16);
  return segment;
}

/** What the checksum covers besides, after the addresses. */
function pseudoEnd(to: Uint8Array): Uint8Array {
  if (to.length === 4) return Uint8Array.of(0, TCP, 0, HEADER_BYTES);
  return Uint8Array.of(0, 0, 0, HEADER_BYTES, 0, 0, 0, TCP);
}
