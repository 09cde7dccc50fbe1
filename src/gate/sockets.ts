/**
 * Services that listen on one address alone. The kernel's rules cannot tell such a listener
 * from a connection, so a gate has to be told of them, and of the connections that they
 * already have.
 */
import type { Connection } from "../backend/live.ts";
import type { Endpoint } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import { type Address, printAddress } from "../policy/address.ts";
import type { Policy } from "../policy/policy.ts";
import { atDoors, isProtected } from "./connections.ts";
import { isEveryAddress, isLoopback, parseEndpoint } from "./listeners.ts";

export interface BoundSockets {
  /** Ports at which there is a TCP listener, on whatever address. */
  readonly served: ReadonlySet<number>;
  readonly listeners: readonly Endpoint[];
  readonly connections: readonly Connection[];
}

/** Those at the ports of the policy's doors; none where there is no `ss` to ask. */
export async function readBoundSockets(host: Host, policy: Policy): Promise<BoundSockets> {
  const sockets = await readSockets(host);
  const listening = sockets.flatMap(({ state, local }) => (state === "LISTEN" ? [local] : []));
  const listeners = listening
    .filter(({ address }) => isBound(address))
    .filter(({ port }) => isProtected(policy, port));
  const isListener = (local: Endpoint) => listeners.some((other) => isSame(other, local));
  return {
    served: new Set(listening.map(({ port }) => port)),
    listeners,
    connections: sockets
      .filter(({ state, local }) => state !== "LISTEN" && isListener(local))
      .flatMap(({ local, peer }) =>
        atDoors(policy, {
          source: peer.address,
          sourcePort: peer.port,
          destination: local.address,
          destinationPort: local.port,
        }),
      ),
  };
}

/** A TCP socket. */
export interface Socket {
  /** As `ss` calls it: `LISTEN`, `ESTAB` and others. */
  readonly state: string;
  readonly local: Endpoint;
  readonly peer: Endpoint;
}

/** All of the host's; none where there is no `ss` to ask. */
export async function readSockets(host: Host): Promise<readonly Socket[]> {
  const { stdout } = await host.run(["ss", "--no-header", "--numeric", "--tcp", "--all"]);
  return stdout.split("\n").flatMap(parseSocket);
}

/** `LISTEN 0 128 192.0.2.1:22 0.0.0.0:*`; a line that is not of this form is left out. */
function parseSocket(line: string): Socket[] {
  const [state = "", , , localText = "", peerText = ""] = line.trim().split(/\s+/);
  const local = parseEndpoint(localText);
  const peer = parseEndpoint(peerText);
  return local === undefined || peer === undefined ? [] : [{ state, local, peer }];
}

/** Neither every address nor loopback, where there are no doors. */
function isBound(address: Address): boolean {
  return !isEveryAddress(address) && !isLoopback(address);
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && printAddress(a.address) === printAddress(b.address);
}
