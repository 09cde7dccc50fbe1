/**
 * Two hosts, and a way between them that is as long and as bad as it is told to be:
 *
 *     client ── tun0 ── socat ── relay ── socat ── tun0 ── server
 *     10.94.0.1, fd94::1                       10.94.0.2, fd94::2
 *
 * The packets of the tunnels travel in UDP, and the relay in the middle holds each of them up or
 * loses it. It is in user space, since not every kernel has `netem`.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface Way {
  /** Each direction has half of it. */
  readonly roundTripMilliseconds: number;
  /** 0 to 1, in each direction. */
  readonly loss: number;
}

export interface Hosts {
  /** The argument vector that runs what follows it on one of them. */
  readonly on: (host: "client" | "server") => readonly string[];
  /** Starts a program there that goes on until they are removed. */
  readonly start: (host: "client" | "server", argv: readonly string[]) => void;
  readonly remove: () => void;
}

export const SERVER = { ipv4: "10.94.0.2", ipv6: "fd94::2" } as const;

const RELAY_PORT = 7000;
/** How this program is told to be the relay. */
export const RELAY = "relay";

/** The client knows the server by that name. */
export async function makeWay({ roundTripMilliseconds, loss }: Way, known: string): Promise<Hosts> {
  const name = (host: string) => `postern-bench-${process.pid}-${host}`;
  const on = (host: string) => ["ip", "netns", "exec", name(host)];
  const running = new Set<ReturnType<typeof spawn>>();
  const start = (host: string, argv: readonly string[]) => {
    const [program = "", ...args] = [...on(host), ...argv];
    running.add(spawn(program, args, { stdio: "ignore" }));
  };
  const remove = () => {
    for (const one of running) one.kill();
    for (const host of HOSTS) spawnSync("ip", ["netns", "delete", name(host)]);
    rmSync(files, { recursive: true, force: true });
  };
  // What `ip netns exec` puts over files of /etc.
  const files = `/etc/netns/${name("client")}`;
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, "hosts"), `${SERVER.ipv6} ${known}\n${SERVER.ipv4} ${known}\n`);
  try {
    for (const host of HOSTS) ip(["netns", "add", name(host)]);
    for (const [n, end] of (["client", "server"] as const).entries()) {
      const [outside, inside] = [`10.93.${n}.1`, `10.93.${n}.2`];
      const peer = ["peer", "name", `eth${n}`, "netns", name("middle")];
      ip(["-n", name(end), "link", "add", "eth0", "type", "veth", ...peer]);
      ip(["-n", name(end), "addr", "add", `${outside}/24`, "dev", "eth0"]);
      ip(["-n", name("middle"), "addr", "add", `${inside}/24`, "dev", `eth${n}`]);
      for (const device of ["lo", "eth0"]) ip(["-n", name(end), "link", "set", device, "up"]);
      ip(["-n", name("middle"), "link", "set", `eth${n}`, "up"]);
    }
    const [, script = ""] = process.argv;
    start("middle", ["node", script, RELAY, `${roundTripMilliseconds / 2}`, `${loss}`]);
    await untilTrue(() => succeeds([...on("middle"), "sh", "-c", RELAY_IS_UP]));
    for (const [n, end] of (["client", "server"] as const).entries()) {
      const tunnel = `TUN:10.94.0.${n + 1}/24,tun-name=tun0,iff-no-pi,iff-up`;
      const outside = `bind=10.93.${n}.1:${RELAY_PORT}`;
      start(end, ["socat", tunnel, `UDP4:10.93.${n}.2:${RELAY_PORT},${outside}`]);
      await untilTrue(() => succeeds([...on(end), "ip", "link", "show", "tun0"]));
      ip(["-n", name(end), "addr", "add", `fd94::${n + 1}/64`, "dev", "tun0", "nodad"]);
    }
    await untilTrue(() => succeeds([...on("client"), "ping", "-c1", "-W1", SERVER.ipv4]));
    return { on, start, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Before that socat would be told that nobody is there, and end. */
const RELAY_IS_UP = `test $(ss -Hlun sport = ${RELAY_PORT} | wc -l) = 2`;

const HOSTS = ["client", "middle", "server"] as const;

/** What runs in the middle, until it is killed. */
export function relay(delayMilliseconds: number, loss: number): void {
  const ends = [0, 1].map((n) => {
    const socket = createSocket("udp4");
    socket.bind(RELAY_PORT, `10.93.${n}.2`);
    return { socket, peer: `10.93.${n}.1` };
  });
  for (const [n, { socket }] of ends.entries()) {
    const other = ends[1 - n];
    socket.on("message", (packet) => {
      if (Math.random() < loss) return;
      const pass = () => other?.socket.send(packet, RELAY_PORT, other.peer);
      if (delayMilliseconds < 1) pass();
      else setTimeout(pass, delayMilliseconds);
    });
  }
}

function ip(args: readonly string[]): void {
  execFileSync("ip", args);
}

function succeeds([program = "", ...args]: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}

async function untilTrue(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (holds()) return;
    await pause(50);
  }
  throw new Error("makeWay: the way did not come about");
}
