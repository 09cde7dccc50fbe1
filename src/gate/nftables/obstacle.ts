/** What a host needs for nftables besides, and what nft says when it will not. */
import { TABLE } from "../../backend/nftables/index.ts";
import type { Finished, Host } from "../../host/index.ts";
import type { Problem } from "../../problem/problem.ts";
import { askOnce, askVersion } from "../ask-once.ts";
import { isOlder, obstacle } from "../obstacle.ts";
import { findMissing, hasEveryPart } from "./missing.ts";

/** `socket wildcard`, the youngest thing that a gate asks of the kernel, came with 5.10. */
const OLDEST_KERNEL = [5, 10] as const;
/** The oldest release whose sets take a `limit`, a comment and `delete` from a rule alike. */
const OLDEST_NFT = [1, 0] as const;

export async function findObstacle(host: Host): Promise<Problem | undefined> {
  const kernel = (await host.readKernelFile("/proc/sys/kernel/osrelease")) ?? "";
  if (isOlder(kernel, OLDEST_KERNEL)) {
    const found = `the kernel is Linux ${kernel.trim()}`;
    return obstacle("kernel-too-old", found, "Linux 5.10 or newer is needed");
  }
  const version = await askVersion(host, "nft");
  if (version.status !== 0) {
    return obstacle("no-nft", "there is no nft command", "install nftables 1.0 or newer");
  }
  if (isOlder(version.stdout, OLDEST_NFT)) {
    const found = `nft is ${version.stdout.trim()}`;
    return obstacle("nft-too-old", found, "nftables 1.0 or newer is needed");
  }
  if (await hasEveryPart(host)) return undefined;
  // The kernel may have been built without nftables. To list tables would take as long as to list
  // all that is in their sets.
  const chains = await askOnce(host, "nft", "--terse", "list", "chains", "inet");
  return chains.status === 0 ? findMissing(host) : refusedByNft(chains);
}

/** Says `host-nft-refused` of what the kernel lacks, too: the words that nft has for it help nobody. */
const MISSING = /No such file or directory|Operation not supported|Protocol not supported/;

/** nft would not do what was asked, though nothing in the asking was wrong. */
export function refusedByNft({ status, stderr }: Finished): Problem {
  // Where in our own text, what, and on the next line the rule that it is about.
  const [first = "", rule = ""] = stderr.trim().split("\n");
  const said = first.replace(/^(\S+: )?Error: /, "") || `it ended with status ${status}`;
  const about = rule.trim() === "" ? "" : ` (${rule.trim()})`;
  return obstacle(
    "nft-refused",
    `nft refused: ${said}${about}`,
    MISSING.test(said) && about !== ""
      ? "nothing was changed; the kernel has no part for this rule: load its module (`modprobe -a nft_log nft_reject_inet nft_limit nft_counter`), or write `backend: iptables`"
      : "nothing was changed; see `nft list ruleset`",
  );
}

/** Somebody may have a table of that name for purposes of their own. */
export const NOT_OURS = obstacle(
  "not-ours",
  `there is a table ${TABLE} that Postern did not make`,
  `give it another name, or take it away with \`nft delete table ${TABLE}\``,
);
