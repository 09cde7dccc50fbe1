/** What a host needs for iptables besides. */
import type { Host } from "../../host/index.ts";
import type { Problem } from "../../problem/problem.ts";
import { askVersion } from "../ask-once.ts";
import { isOlder, obstacle } from "../obstacle.ts";
import { hasIpv6 } from "./variant.ts";

/** The oldest whose `iptables-restore` waits for others that change rules (release notes of 1.6.2). */
const OLDEST = [1, 6] as const;

export const NO_IPTABLES: Problem = obstacle(
  "no-iptables",
  "there is no iptables-restore command",
  "install iptables 1.6.2 or newer",
);

export async function findObstacle(host: Host): Promise<Problem | undefined> {
  const version = await askVersion(host, "iptables-restore");
  if (version.status !== 0) return NO_IPTABLES;
  if (isOlder(version.stdout, OLDEST)) {
    const found = `iptables is ${version.stdout.trim()}`;
    return obstacle("iptables-too-old", found, "iptables 1.6.2 or newer is needed");
  }
  if (!(await hasIpv6(host))) return undefined;
  const ipv6 = await askVersion(host, "ip6tables-restore");
  if (ipv6.status === 0) return undefined;
  const found = "there is no ip6tables-restore command, and this host has IPv6";
  return obstacle("no-ip6tables", found, "install the whole of iptables");
}

/** Somebody may have chains of that name for purposes of their own. */
export const NOT_OURS: Problem = obstacle(
  "not-ours",
  "there are chains POSTERN in the raw table of iptables that Postern did not make",
  "give them another name, or take them away",
);
