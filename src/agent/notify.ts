/** Tells systemd how the agent is: sd_notify(3), whose protocol is a datagram to a Unix socket. */
import type { Host, Socket } from "../host/index.ts";

export interface Notifier {
  ready(): void;
  /** To be called more often than systemd wants to hear of it. */
  alive(): void;
  stopping(): void;
}

export async function notifierOf(host: Host): Promise<Notifier> {
  const socket = await openSocket(host);
  const everyMs = Number(host.environment("WATCHDOG_USEC") ?? "0") / 1000 / 3;
  let lastAt = Number.NEGATIVE_INFINITY;
  const say = (text: string) => {
    try {
      socket?.write(Buffer.from(text));
    } catch {
      // Whoever asked to be told is not there any more.
    }
  };
  return {
    ready: () => say("READY=1"),
    alive: () => {
      if (everyMs <= 0 || host.monotonic() - lastAt < everyMs) return;
      lastAt = host.monotonic();
      say("WATCHDOG=1");
    },
    stopping: () => say("STOPPING=1"),
  };
}

async function openSocket(host: Host): Promise<Socket | undefined> {
  const path = host.environment("NOTIFY_SOCKET") ?? "";
  if (path === "") return undefined;
  const sockets = await host.sockets();
  const socket = sockets.ok ? sockets.value.datagrams(path) : sockets;
  return socket.ok ? socket.value : undefined;
}
