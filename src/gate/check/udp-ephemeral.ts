/** UDP doors over the ports from which this host asks others. */
import { prefixHolds } from "../../policy/address.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door } from "../../policy/policy.ts";
import { printService } from "../../policy/value/service.ts";
import type { Problem } from "../../problem/problem.ts";
import { asksFrom, type Ephemeral, type Ports, printPorts } from "./ports.ts";
import type { Surroundings } from "./surroundings.ts";
import { warning } from "./words.ts";

export function checkUdpEphemeral(
  { policy, places }: PlacedPolicy,
  around: Surroundings,
): Problem[] {
  const { ephemeral } = around;
  const { range } = ephemeral;
  if (range === undefined) return [];
  return policy.doors.flatMap((door, doorIndex) =>
    !isBeforeOwn(door, around)
      ? []
      : door.protects.flatMap((service, index) => {
          if (service.protocol !== "udp" || !asksFrom(ephemeral, service.ports)) return [];
          const place = places.doors[doorIndex]?.protects[index];
          const what = `${printService(service)}, which door ${door.name} protects, overlaps this host's ephemeral ports (${printPorts(range)}): answers to questions that the host itself asks over UDP from there, such as DNS, are refused (${shareOf(range, service.ports)} of all)`;
          const fix = `reserve the ports of the door: \`sysctl -w net.ipv4.ip_local_reserved_ports=${reservedWith(ephemeral, policy.doors)}\`, and the same in /etc/sysctl.d for the next boot`;
          return [warning("udp-over-ephemeral", place, what, fix)];
        }),
  );
}

/** What this host asks from is its own addresses. */
function isBeforeOwn({ destinations }: Door, { addresses = [] }: Surroundings): boolean {
  return (
    destinations.length === 0 ||
    destinations.some((prefix) => addresses.some((address) => prefixHolds(prefix, address)))
  );
}

function shareOf(range: Ports, ports: Ports): string {
  const shared = Math.min(range.last, ports.last) - Math.max(range.first, ports.first) + 1;
  const percent = (100 * shared) / (range.last - range.first + 1);
  return percent < 0.1 ? "less than 0.1 %" : `${percent.toFixed(1)} %`;
}

/** What is reserved now, and the ports of all UDP doors. */
function reservedWith({ reserved }: Ephemeral, doors: readonly Door[]): string {
  const protectedPorts = doors.flatMap(({ protects }) =>
    protects.filter(({ protocol }) => protocol === "udp").map(({ ports }) => ports),
  );
  return [...new Set([...reserved, ...protectedPorts].map(printPorts))].join(",");
}
