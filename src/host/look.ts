/** Whether a TCP port accepts connections, as far as possible without one that its service sees. */
import { Socket } from "node:net";
import type { Family } from "../policy/address.ts";
import { answerIn, awaiting, type Sent } from "./answer.ts";
import type { Destination } from "./network.ts";
import { loadSockets } from "./sockets.ts";

/**
 * Begins a connection, and resets it as soon as it is accepted. What has been seen of a service that
 * accepts and is left alone looks like an attack to those who read its log (fail2ban with
 * `mode = aggressive`).
 */
export function startLook({ address, family }: Destination, port: number): Sent {
  const { answer, settle } = awaiting();
  let socket: Socket | undefined;
  let isOver = false;
  const begin = (made: Socket) => {
    socket = made;
    made.on("error", (error) => settle(answerIn(error)));
    made.once("connect", () => {
      reset(made);
      settle({ kind: "accepted" });
    });
    made.connect({ host: address, port, family: family === "ipv6" ? 6 : 4 });
  };
  unfinishedSocket(family).then(
    (made) => (isOver ? made.destroy() : begin(made)),
    (error: unknown) => settle(answerIn(error)),
  );
  return {
    answer,
    left: Promise.resolve(true),
    end: () => {
      isOver = true;
      settle(undefined);
      if (socket !== undefined) reset(socket);
    },
  };
}

/**
 * Its handshake is not finished at once. Where that cannot be had, an ordinary one: then the reset
 * comes right behind the handshake, and sshd, which starts a program for each connection, is too
 * late to see more of it, but for one that is lost or held up.
 */
async function unfinishedSocket(family: Family): Promise<Socket> {
  const sockets = await loadSockets();
  const made = sockets.ok ? sockets.value.unfinished(family) : undefined;
  // It would be read at once, and is not connected yet.
  return made?.ok === true
    ? new Socket({ fd: made.value, readable: false, writable: true })
    : new Socket();
}

/** Never waits for a connection that is being made: what comes of it later is reset by the kernel. */
export function reset(socket: Socket): void {
  if (socket.connecting || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}
