/** Parts of nftables that a kernel or nft may be built without, and every gate needs. */
import type { Host } from "../../host/index.ts";
import type { Problem } from "../../problem/problem.ts";
import { tryOnce } from "../ask-once.ts";
import { obstacle } from "../obstacle.ts";

/** Whether the problem is that the kernel has nftables, but not all of it. */
export function isIncomplete({ code }: Problem): boolean {
  return code === `host-${INCOMPLETE}`;
}

const INCOMPLETE = "nftables-incomplete";

interface Part {
  readonly name: string;
  /** The kernel's module, and the option with which it is built. */
  readonly module: string;
  readonly rule: string;
}

const PARTS: readonly Part[] = [
  {
    name: "socket",
    module: "nft_socket, CONFIG_NFT_SOCKET",
    rule: "tcp dport 22 socket wildcard 0 accept",
  },
  {
    name: "fib",
    module: "nft_fib_inet, CONFIG_NFT_FIB_INET",
    rule: "tcp dport 22 fib daddr type != unicast accept",
  },
  {
    name: "dynamic sets",
    module: "CONFIG_NF_TABLES",
    rule: "update @sources { ip saddr timeout 10s } accept",
  },
];

/** Tries rules of all such parts on the kernel, without changing it. */
export async function hasEveryPart(host: Host): Promise<boolean> {
  return (await tryOnce(host, probeOf(PARTS))).status === 0;
}

/** Tries them one by one. */
export async function findMissing(host: Host): Promise<Problem | undefined> {
  const tried = await Promise.all(
    PARTS.map(async (part) => ({ part, finished: await tryOnce(host, probeOf([part])) })),
  );
  const missing = tried.flatMap(({ part, finished }) => (finished.status === 0 ? [] : [part]));
  if (missing.length === 0) return undefined;
  const names = missing.map(({ name, module }) => `${name} (${module})`).join(" and ");
  return obstacle(
    INCOMPLETE,
    `this kernel or its nft lacks a part of nftables that a gate needs: ${names}`,
    "load the module or bring a kernel that has it, or write `backend: iptables`, which needs none of these",
  );
}

/** No table of that name exists, nor is made. */
function probeOf(parts: readonly Part[]): string {
  const rules = parts.map(({ rule }) => `    ${rule}\n`).join("");
  return `table inet postern_parts {
  set sources { type ipv4_addr; size 1; flags dynamic,timeout; }
  chain arrivals {
    type filter hook prerouting priority -310; policy accept;
${rules}  }
}
`;
}
