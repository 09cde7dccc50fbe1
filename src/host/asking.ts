/** One request over a TCP connection, to which any answer will do. */
import { connect } from "node:net";
import { answerIn, awaiting, type Sent } from "./answer.ts";
import type { Destination } from "./network.ts";

/**
 * In milliseconds. So long an answer is awaited before the connection is closed, and then so long
 * that the other side closes it.
 */
const LINGER = 250;

const MOST_BYTES = 64 * 1024;

/**
 * Sends a request in one segment once the connection is accepted, which is the answer. What the
 * server says is thrown away, whatever it is; then it gets our end, as from a client that has seen
 * enough.
 */
export function ask({ address, family }: Destination, port: number, request: Uint8Array): Sent {
  const socket = connect({ host: address, port, family: family === "ipv6" ? 6 : 4 });
  socket.setNoDelay(true);
  const { answer, settle, left, leave } = awaiting();
  let [isAnswered, isOver] = [false, false];
  socket.once("connect", () => {
    settle({ kind: "accepted" });
    socket.write(request, (error) => leave(error === undefined || error === null));
  });
  socket.once("data", () => {
    isAnswered = true;
    if (isOver) socket.end();
  });
  socket.on("data", () => {
    // Somebody may go on for ever.
    if (socket.bytesRead > MOST_BYTES) socket.pause();
  });
  socket.on("error", (error) => settle(answerIn(error)));
  socket.once("close", () => {
    settle(undefined);
    leave(false);
  });
  return {
    answer,
    left,
    end: () => {
      settle(undefined);
      if (isOver) return;
      isOver = true;
      if (socket.connecting) socket.destroy();
      else if (isAnswered) socket.end();
      const timer = setTimeout(() => socket.destroy(), LINGER);
      socket.once("close", () => clearTimeout(timer));
    },
  };
}
