/** What a host needs to hold a gate, and whether this one has it. */
import { TABLE } from "../backend/nftables/index.ts";
import type { Finished, Host } from "../host/index.ts";
import type { Problem } from "../problem/problem.ts";

/** `socket wildcard`, the youngest thing that a gate asks of the kernel, came with 5.10. */
const OLDEST_KERNEL = [5, 10] as const;
/** The oldest release whose sets take a `limit`, a comment and `delete` from a rule alike. */
const OLDEST_NFT = [1, 0] as const;

/** Bit 12 of the capability sets is CAP_NET_ADMIN: capability.h of Linux. */
const CAP_NET_ADMIN = 1n << 12n;

/** The first thing that keeps this host from holding a gate; undefined when nothing does. */
export async function findObstacle(host: Host): Promise<Problem | undefined> {
  const kernel = await host.readKernelFile("/proc/sys/kernel/osrelease");
  if (kernel === undefined) {
    return obstacle("no-linux", "this is not Linux", "run it on a Linux host");
  }
  if (isOlder(kernel, OLDEST_KERNEL)) {
    const found = `the kernel is Linux ${kernel.trim()}`;
    return obstacle("kernel-too-old", found, "Linux 5.10 or newer is needed");
  }
  if (!(await mayChangeRules(host))) {
    const found = "this user may not change firewall rules";
    return obstacle("no-privilege", found, "run it as root (it needs CAP_NET_ADMIN)");
  }
  const version = await host.run(["nft", "--version"]);
  if (version.status !== 0) {
    return obstacle("no-nft", "there is no nft command", "install nftables 1.0 or newer");
  }
  if (isOlder(version.stdout, OLDEST_NFT)) {
    const found = `nft is ${version.stdout.trim()}`;
    return obstacle("nft-too-old", found, "nftables 1.0 or newer is needed");
  }
  return undefined;
}

/** nft would not do what was asked, though nothing in the asking was wrong. */
export function refusedByNft({ status, stderr }: Finished): Problem {
  // Where in our own text, what, and on the next line the rule that it is about.
  const [first = "", rule = ""] = stderr.trim().split("\n");
  const said = first.replace(/^(\S+: )?Error: /, "") || `it ended with status ${status}`;
  const about = rule.trim() === "" ? "" : ` (${rule.trim()})`;
  return obstacle(
    "nft-refused",
    `nft refused: ${said}${about}`,
    "nothing was changed; see `nft list ruleset`",
  );
}

/** Somebody may have a table of that name for purposes of their own. */
export const NOT_OURS = obstacle(
  "not-ours",
  `there is a table ${TABLE} that Postern did not make`,
  `give it another name, or take it away with \`nft delete table ${TABLE}\``,
);

/** Codes that begin so are about the host, not about what was asked of it. */
export function isAboutHost({ code }: Problem): boolean {
  return code.startsWith("host-");
}

function obstacle(code: string, what: string, fix: string): Problem {
  return { code: `host-${code}`, severity: "error", what, fix };
}

/** Compares the first `x.y` in the text. */
function isOlder(text: string, [oldestMajor, oldestMinor]: readonly [number, number]): boolean {
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text) ?? []).map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

async function mayChangeRules(host: Host): Promise<boolean> {
  const status = (await host.readKernelFile("/proc/self/status")) ?? "";
  const [, effective = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return (BigInt(`0x${effective}`) & CAP_NET_ADMIN) !== 0n;
}
