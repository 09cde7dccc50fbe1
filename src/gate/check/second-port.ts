/** A protected service that the same process also serves on a port without a door. */
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door, Policy } from "../../policy/policy.ts";
import { printService } from "../../policy/value/service.ts";
import type { Problem } from "../../problem/problem.ts";
import type { Listener } from "../listeners.ts";
import { passesAll } from "./firewalls/stoppers.ts";
import { isBeforeThisHost } from "./listening.ts";
import { isAt } from "./ports.ts";
import type { Layout } from "./surroundings.ts";
import { enumerated, nameProcess, warning } from "./words.ts";

/** Programs that serve the same on every port that they listen on. */
const SAME_EVERYWHERE = ["sshd", "dropbear"];
/** Programs that hold ports for others: what they serve on one is not what they serve on another. */
const FOR_OTHERS = ["systemd", "init", "inetd", "xinetd", "rootlessport", "slirp4netns", "pasta"];

export function checkSecondPorts({ policy, places }: PlacedPolicy, layout: Layout): Problem[] {
  const listeners = (layout.listeners ?? []).filter(
    ({ protocol, isLoopback }) => protocol === "tcp" && !isLoopback,
  );
  return policy.doors.flatMap((door, doorIndex) =>
    !isBeforeThisHost(door, layout)
      ? []
      : door.protects.flatMap((service, index) => {
          const behind = listeners.filter((one) => isAt(one, service));
          const open = listeners.filter(
            (one) => !isMeant(policy, one) && behind.some((other) => isSameService(one, other)),
          );
          const place = places.doors[doorIndex]?.protects[index];
          return problemsOf(door, printService(service), open, layout).map((problem) =>
            place === undefined ? problem : { ...problem, place },
          );
        }),
  );
}

/** Whether a door is before the port, or knocks need it open. */
function isMeant({ doors }: Policy, listener: Listener): boolean {
  const isCarrier = ({ token }: Door) =>
    token?.carriers.some((carrier) => carrier.kind !== "ping" && carrier.port === listener.port) ===
    true;
  return doors.some(
    (door) => isCarrier(door) || door.protects.some((service) => isAt(listener, service)),
  );
}

/** Whether one process has both; the first of all holds sockets for others. */
function isSameService({ pids = [], process }: Listener, other: Listener): boolean {
  if (process !== undefined && FOR_OTHERS.includes(process)) return false;
  return pids.some((pid) => pid !== 1 && other.pids?.includes(pid) === true);
}

function problemsOf(
  { name, protects }: Door,
  service: string,
  open: readonly Listener[],
  layout: Layout,
): Problem[] {
  const [first] = open;
  if (first === undefined) return [];
  const ports = [...new Set(open.map(({ port }) => `tcp/${port}`))];
  const isCertain = open.some((listener) => isReached(listener, layout));
  const outcome = isCertain
    ? "the same service is open there without a knock"
    : "if that is the same service, it may be open there without a knock";
  const what = `${nameProcess(first)} listens on ${service}, which door ${name} protects, and on ${enumerated(ports)}, which no door protects: ${outcome}`;
  const all = [...protects.map(printService), ...ports].join(", ");
  const fix = `protect it too: \`protects: [${all}]\`; or let it listen on ${service} only, or there on loopback only`;
  const problem = warning("second-port", undefined, what, fix);
  return [isCertain ? { ...problem, severity: "error" } : problem];
}

/** Whether everybody gets there, and finds the same service as behind the door. */
function isReached({ process, isEveryAddress, port }: Listener, { otherRules }: Layout) {
  if (!isEveryAddress || process === undefined || !SAME_EVERYWHERE.includes(process)) return false;
  return passesAll(otherRules, { protocol: "tcp", ports: { first: port, last: port } });
}
