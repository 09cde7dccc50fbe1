/** Everything that can be found wrong with a policy on this host, before it is put to work. */
import {
  checkPolicy,
  type DoorReport,
  judgeDoor,
  type Known,
  parseServices,
} from "../check/index.ts";
import type { Host } from "../host/index.ts";
import type { PlacedPolicy } from "../policy/parse.ts";
import type { Problem } from "../problem/problem.ts";
import { checkHost, type Judge, listUnseen } from "./check/host.ts";
import { lookAround } from "./check/surroundings.ts";
import { findSession } from "./session.ts";

export interface GateCheck {
  /** In the order of the policy. */
  readonly doors: readonly DoorReport[];
  readonly problems: readonly Problem[];
  /** In words, what could not be looked at here; each begins with what it is. */
  readonly notLookedAt: readonly string[];
}

/**
 * What scanners could do to each door, and what the host has to say of the policy. Changes
 * nothing, and needs no privilege: what it may not see it does not judge.
 */
export async function checkGate(host: Host, placed: PlacedPolicy): Promise<GateCheck> {
  const { policy } = placed;
  const [around, services] = await Promise.all([
    findSession(host).then((session) => lookAround(host, policy, session)),
    readCommonPorts(host),
  ]);
  const { doors, problems } = checkPolicy(placed, services.known);
  const found = checkHost(placed, around, judgeOf(placed, services.known, doors));
  return {
    doors,
    problems: [...problems, ...found],
    notLookedAt: [...services.missing, ...listUnseen(policy, around)],
  };
}

function judgeOf({ policy }: PlacedPolicy, known: Known, reports: readonly DoorReport[]): Judge {
  return {
    better: ({ name, sequence }) => {
      const remedy = reports.find(({ door }) => door === name)?.remedy;
      if (sequence === undefined || remedy === undefined) return undefined;
      return { ...sequence, steps: remedy.steps, watch: remedy.watch };
    },
    isSafe: (door, sequence) =>
      judgeDoor(policy, { ...door, sequence }, known).openedBy === undefined,
  };
}

/** Where nmap keeps the ports that it looks at first: packages, and what is built by hand. */
const SERVICES = ["/usr/share/nmap/nmap-services", "/usr/local/share/nmap/nmap-services"];

/** Of the first file that says anything, and what to say when none does. */
async function readCommonPorts(
  host: Host,
): Promise<{ readonly known: Known; readonly missing: readonly string[] }> {
  const files = await Promise.all(SERVICES.map((path) => host.readText(path)));
  const commonPorts = files
    .map((file) => (file.ok ? parseServices(file.value) : undefined))
    .find((ports) => ports !== undefined && ports.tcp.length + ports.udp.length > 0);
  if (commonPorts !== undefined) return { known: { commonPorts }, missing: [] };
  const [first] = files;
  const why = first === undefined || first.ok ? "it names no ports" : first.problems[0]?.what;
  const missing = `nmap's own order of ports was not tried: ${why ?? ""}`;
  return { known: { commonPorts: undefined }, missing: [missing] };
}
