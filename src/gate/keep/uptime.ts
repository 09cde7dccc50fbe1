import type { Host } from "../../host/index.ts";

/**
 * Seconds since the boot, also those asleep: a clock that nobody sets. Where it cannot be read
 * any more every time is over: better to go back too early than never.
 */
export async function readUptime(host: Host): Promise<number> {
  const seconds = Number.parseFloat((await host.readKernelFile("/proc/uptime")) ?? "");
  return Number.isNaN(seconds) ? Number.POSITIVE_INFINITY : seconds;
}
