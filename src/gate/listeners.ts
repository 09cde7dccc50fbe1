/** What listens on this host, as `ss` tells. */
import type { Endpoint } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import { type Address, parsePrefix, printAddress, unmapPrefix } from "../policy/address.ts";

export interface Listener {
  readonly protocol: "tcp" | "udp";
  readonly address: Address;
  /** 0.0.0.0 or ::, the second of which may take IPv4 as well. */
  readonly isEveryAddress: boolean;
  readonly isLoopback: boolean;
  readonly port: number;
  /**
   * The name of one process that has it, where `ss` tells: root is told all of them. Outside
   * text: a process calls itself what it likes.
   */
  readonly process: string | undefined;
  /** Of all processes that have it, as far as `ss` tells. */
  readonly pids?: readonly number[];
}

/** In the order of `ss`; none where there is no `ss` to ask. */
export async function readListeners(host: Host): Promise<readonly Listener[]> {
  return (await askForListeners(host)) ?? [];
}

/** The same for those who have to know: undefined where `ss` does not tell. */
export async function askForListeners(host: Host): Promise<readonly Listener[] | undefined> {
  const options = ["--no-header", "--numeric", "--listening", "--tcp", "--udp", "--processes"];
  const { status, stdout } = await host.run(["ss", ...options]);
  if (status !== 0) return undefined;
  const listeners = stdout.split(BETWEEN_LISTENERS).flatMap(parseListener);
  return listeners.length === 0 && stdout.trim() !== "" ? undefined : listeners;
}

/** A process's name may hold line breaks; it is too short to hold one and a whole listener. */
const BETWEEN_LISTENERS = /\n(?=(?:tcp|udp) +(?:LISTEN|UNCONN) )/;

/** `tcp LISTEN 0 128 192.0.2.1:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))`, the end with luck. */
const LISTENER = /^(tcp|udp) +(?:LISTEN|UNCONN) +\d+ +\d+ +(\S+) +\S+(.*)$/s;

/** The first of them. Whatever stands there: a process may have a part of this in its name. */
const PROCESS = /^ *users:\(\("(.*?)",pid=\d+,fd=\d+\)/s;

/** Of each process. A name may hold the same, and so a number that is no process's of it. */
const PID = /",pid=(\d+),fd=\d+\)/g;

/** What is not of this form is left out. */
function parseListener(text: string): Listener[] {
  const [, protocol, local = "", users = ""] = LISTENER.exec(text) ?? [];
  const endpoint = parseEndpoint(local);
  if (endpoint === undefined || endpoint.port === 0) return [];
  return [
    {
      protocol: protocol === "tcp" ? "tcp" : "udp",
      ...endpoint,
      isEveryAddress: isEveryAddress(endpoint.address),
      isLoopback: isLoopback(endpoint.address),
      process: PROCESS.exec(users)?.[1],
      pids: [...users.matchAll(PID)].map(([, pid]) => Number(pid)),
    },
  ];
}

/**
 * As `ss` writes one: `192.0.2.1:22`, `[2001:db8::1]:22`, `0.0.0.0%eth0:22`, `*:*`. An address
 * `*` is `::`, a port `*` is 0.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, written = "", port = ""] = /^(.*):(\d+|\*)$/.exec(text) ?? [];
  const bare = written.replace(/[[\]]/g, "").replace(/%.*$/, "");
  const prefix = parsePrefix(bare === "*" ? "::" : bare);
  if (prefix === undefined) return undefined;
  const address = (unmapPrefix(prefix) ?? prefix).first;
  return { address, port: port === "*" ? 0 : Number(port) };
}

export function isEveryAddress(address: Address): boolean {
  return address.bits === 0n;
}

export function isLoopback(address: Address): boolean {
  return /^(127\..*|::1)$/.test(printAddress(address));
}
