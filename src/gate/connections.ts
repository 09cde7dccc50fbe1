/**
 * Connections to a door's ports that connection tracking knows. Those that end on this host
 * have a socket that vouches for them; those to published container ports and forwarded
 * hosts would be cut by a gate that has never seen them begin.
 */
import type { Connection } from "../backend/live.ts";
import type { Host } from "../host/index.ts";
import { parseAddress, prefixHolds } from "../policy/address.ts";
import type { Policy, Service } from "../policy/policy.ts";

export async function connectionsTo(host: Host, policy: Policy): Promise<Connection[]> {
  const tracked =
    (await host.readKernelFile("/proc/net/nf_conntrack")) ??
    (await host.run(["conntrack", "-L", "-p", "tcp"], { purpose: "rules" })).stdout;
  return tracked
    .split("\n")
    .flatMap(parseTracked)
    .flatMap((tracked) => atDoors(policy, tracked));
}

/** The same for each door that it may be a connection to; none where no door stands there. */
export function atDoors(policy: Policy, connection: Omit<Connection, "door">): Connection[] {
  const { destination, destinationPort } = connection;
  return policy.doors
    .filter(
      ({ destinations, protects }) =>
        protectsTcp(protects, destinationPort) &&
        (destinations.length === 0 || destinations.some((p) => prefixHolds(p, destination))),
    )
    .map(({ name }) => ({ ...connection, door: name }));
}

/**
 * The first addresses and ports of a line are those that the connection's beginner wrote:
 * `tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… src=… …`.
 */
function parseTracked(line: string): Omit<Connection, "door">[] {
  if (!/\btcp\b.*\bESTABLISHED\b/.test(line)) return [];
  const first = (key: string) => new RegExp(` ${key}=(\\S+)`).exec(line)?.[1] ?? "";
  const source = parseAddress(first("src"));
  const destination = parseAddress(first("dst"));
  if (source === undefined || destination === undefined) return [];
  return [
    {
      source,
      sourcePort: Number(first("sport")),
      destination,
      destinationPort: Number(first("dport")),
    },
  ];
}

/** Whether a door stands at the TCP port. */
export function isProtected(policy: Policy, port: number): boolean {
  return policy.doors.some(({ protects }) => protectsTcp(protects, port));
}

function protectsTcp(services: readonly Service[], port: number): boolean {
  return services.some(
    ({ protocol, ports }) => protocol === "tcp" && port >= ports.first && port <= ports.last,
  );
}
