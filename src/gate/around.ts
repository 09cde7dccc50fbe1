/** What the rules of a gate depend on besides its policy: where the host's services listen. */
import type { Surroundings } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import type { Policy } from "../policy/policy.ts";
import { readPublished } from "./check/published.ts";
import type { BoundSockets } from "./sockets.ts";

/** @param bound as `readBoundSockets` has found them. */
export async function readAround(
  host: Host,
  policy: Policy,
  { listeners }: BoundSockets,
): Promise<Surroundings> {
  const protectsTcp = policy.doors.some(({ protects }) =>
    protects.some(({ protocol }) => protocol === "tcp"),
  );
  if (!protectsTcp) return { bound: listeners, handedOn: [] };
  // Where there is no nft this is empty, and the rules of iptables are read all the same.
  const { stdout } = await host.run(["nft", "--json", "--terse", "list", "ruleset"]);
  return { bound: listeners, handedOn: await readPublished(host, stdout) };
}
