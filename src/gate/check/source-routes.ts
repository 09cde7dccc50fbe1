/** Packets that name an address of `destinations` only in a source route. */
import type { Host } from "../../host/index.ts";
import type { Family } from "../../policy/address.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Problem } from "../../problem/problem.ts";
import type { Surroundings } from "./surroundings.ts";
import { warning } from "./words.ts";

/**
 * Settings under which Linux follows such routes. Those of an interface count only where the one
 * for all is on as well (Documentation/networking/ip-sysctl.rst).
 */
const SETTINGS: readonly (readonly [Family, string])[] = [
  ["ipv4", "net.ipv4.conf.all.accept_source_route"],
  ["ipv6", "net.ipv6.conf.all.seg6_enabled"],
  ["ipv6", "net.ipv6.conf.all.rpl_seg_enabled"],
];

export interface SourceRoute {
  readonly family: Family;
  /** As `sysctl` names it. */
  readonly setting: string;
}

/** Those settings that are on. */
export async function readSourceRoutes(host: Host): Promise<readonly SourceRoute[]> {
  const on = await Promise.all(
    SETTINGS.map(async ([family, setting]) => {
      const value = await host.readKernelFile(`/proc/sys/${setting.replaceAll(".", "/")}`);
      return Number(value ?? 0) > 0 ? [{ family, setting }] : [];
    }),
  );
  return on.flat();
}

export function checkSourceRoutes(
  { policy, places }: PlacedPolicy,
  { sourceRoutes }: Surroundings,
): Problem[] {
  return policy.doors.flatMap(({ name, destinations }, index) => {
    const settings = sourceRoutes
      .filter(({ family }) => destinations.some(({ first }) => first.family === family))
      .map(({ setting }) => setting);
    if (settings.length === 0) return [];
    const what = `this host follows source routes (${settings.join(", ")}): a packet may reach an address of door ${name} after the gate has seen it go to another one`;
    const fix = `turn that off: \`sysctl -w ${settings.map((setting) => `${setting}=0`).join(" ")}\`, and the same in /etc/sysctl.d for the next boot`;
    return [warning("source-routes", places.doors[index]?.name, what, fix)];
  });
}
