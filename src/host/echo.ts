/** Echo requests that carry more than the program `ping` can be told to send. */
import { randomBytes } from "node:crypto";
import type { Family } from "../policy/address.ts";
import type { Problem } from "../problem/problem.ts";
import { answerIn, awaiting, type Sent } from "./answer.ts";
import type { Destination } from "./network.ts";
import { checksumOf, numbersOf } from "./numbers.ts";
import { loadSockets } from "./sockets.ts";

const REQUEST = { ipv4: 8, ipv6: 128 } as const;

/** Sends one. */
export function sendEcho(to: Destination, payload: Uint8Array): Sent {
  const { answer, settle, left, leave } = awaiting();
  send(to, payload).then(
    (problem) => {
      if (problem !== undefined) settle({ kind: "unreachable", why: problem });
      leave(problem === undefined);
    },
    (error: unknown) => {
      settle(answerIn(error));
      leave(false);
    },
  );
  return { answer, left, end: () => settle(undefined) };
}

/** What keeps it from being sent. */
async function send(to: Destination, payload: Uint8Array): Promise<string | undefined> {
  const sockets = await loadSockets();
  if (!sockets.ok) return wordsOf(sockets.problems);
  const { bytes, scope } = numbersOf(to);
  const socket = sockets.value.echo(bytes, scope);
  if (!socket.ok) return wordsOf(socket.problems);
  try {
    socket.value.write(printEcho(to.family, payload));
  } finally {
    socket.value.close();
  }
  return undefined;
}

function wordsOf(problems: readonly Problem[]): string {
  return problems.map(({ what, fix }) => `${what}; ${fix}`).join(", ");
}

/** Type, code, checksum, a number of whoever asks, a number of the request, and the payload. */
function printEcho(family: Family, payload: Uint8Array): Buffer {
  const header = Buffer.from([REQUEST[family], 0, 0, 0, ...randomBytes(2), 0, 1]);
  const packet = Buffer.concat([header, payload]);
  // Of IPv6 the kernel writes it itself.
  if (family === "ipv4") packet.writeUInt16BE(checksumOf(packet), 2);
  return packet;
}
