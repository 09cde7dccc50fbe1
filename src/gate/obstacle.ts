/** What a host needs to hold a gate of any kind, and whether this one has it. */
import type { Host } from "../host/index.ts";
import type { Problem } from "../problem/problem.ts";

/** Bit 12 of the capability sets is CAP_NET_ADMIN: capability.h of Linux. */
const CAP_NET_ADMIN = 1n << 12n;

/** The first thing that keeps this host from holding any gate; undefined when nothing does. */
export async function findObstacle(host: Host): Promise<Problem | undefined> {
  if ((await host.readKernelFile("/proc/sys/kernel/osrelease")) === undefined) {
    return obstacle("no-linux", "this is not Linux", "run it on a Linux host");
  }
  if (!(await mayChangeRules(host))) {
    const found = "this user may not change firewall rules";
    return obstacle("no-privilege", found, "run it as root (it needs CAP_NET_ADMIN)");
  }
  return undefined;
}

/** Codes that begin so are about the host, not about what was asked of it. */
export function isAboutHost({ code }: Problem): boolean {
  return code.startsWith("host-");
}

export function obstacle(code: string, what: string, fix: string): Problem {
  return { code: `host-${code}`, severity: "error", what, fix };
}

/** Compares the first `x.y` in the text. */
export function isOlder(
  text: string,
  [oldestMajor, oldestMinor]: readonly [number, number],
): boolean {
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text) ?? []).map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

async function mayChangeRules(host: Host): Promise<boolean> {
  const status = (await host.readKernelFile("/proc/self/status")) ?? "";
  const [, effective = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return (BigInt(`0x${effective}`) & CAP_NET_ADMIN) !== 0n;
}
