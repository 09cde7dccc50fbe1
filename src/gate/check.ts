/** Everything that can be found wrong with a policy on this host, before it is put to work. */
import { randomInt } from "node:crypto";
import {
  checkPolicy,
  type DoorReport,
  judgeDoor,
  type Known,
  parseServices,
} from "../check/index.ts";
import type { Host } from "../host/index.ts";
import type { PlacedPolicy } from "../policy/parse.ts";
import type { Policy } from "../policy/policy.ts";
import type { Problem } from "../problem/problem.ts";
import type { Backend } from "./backend.ts";
import { checkBypasses, readPaths } from "./check/bypass/index.ts";
import { checkCarrierNeeds } from "./check/carriers.ts";
import { checkHost, type Judge, listUnseen } from "./check/host.ts";
import { checkOnIptables, listUnseenOnIptables, readIptablesHost } from "./check/on-iptables.ts";
import { checkSigners } from "./check/signers.ts";
import { lookAround } from "./check/surroundings.ts";
import { foreseeBackend } from "./foresee.ts";
import { nftables } from "./nftables/index.ts";
import { isIncomplete } from "./nftables/missing.ts";
import { findObstacle } from "./obstacle.ts";
import { findSession } from "./session.ts";

export interface GateCheck {
  /** In the order of the policy. */
  readonly doors: readonly DoorReport[];
  readonly problems: readonly Problem[];
  /** In words, what could not be looked at here; each begins with what it is. */
  readonly notLookedAt: readonly string[];
}

export interface CheckOptions {
  /** What holds the gate, where it is not what the policy says. */
  readonly backend?: Policy["backend"] | undefined;
}

/**
 * What scanners could do to each door, and what the host has to say of the policy. Changes
 * nothing, and needs no privilege: what it may not see it does not judge.
 */
export async function checkGate(
  host: Host,
  placed: PlacedPolicy,
  { backend = placed.policy.backend }: CheckOptions = {},
): Promise<GateCheck> {
  const { policy } = placed;
  const [around, services, held, signers, paths] = await Promise.all([
    findSession(host).then((session) => lookAround(host, policy, session)),
    readCommonPorts(host),
    checkBackend(host, placed, backend),
    checkSigners(host, placed),
    readPaths(host, policy),
  ]);
  const { doors, problems } = checkPolicy(placed, services.known);
  const found = checkHost(placed, around, judgeOf(placed, services.known, doors));
  return {
    doors,
    problems: [
      ...[...problems, ...found, ...signers, ...held.problems],
      ...checkBypasses(placed, paths),
    ],
    notLookedAt: [
      ...[...services.missing, ...listUnseen(policy, around), ...held.notLookedAt],
      ...paths.notLookedAt,
    ],
  };
}

/** What the backend that would hold the gate cannot say of the policy, or says otherwise. */
async function checkBackend(
  host: Host,
  placed: PlacedPolicy,
  wanted: Policy["backend"],
): Promise<Pick<GateCheck, "problems" | "notLookedAt">> {
  const backend = await foreseeBackend(host, { ...placed.policy, backend: wanted });
  const limits = [...backend.limitsOf(placed), ...(await checkParts(host, backend, wanted))];
  if (backend.name !== "iptables") {
    return { problems: [...limits, ...(await checkCarrierNeeds(host, placed))], notLookedAt: [] };
  }
  const there = await readIptablesHost(host);
  return {
    problems: [...limits, ...checkOnIptables(placed, there)],
    notLookedAt: listUnseenOnIptables(there),
  };
}

/** That the kernel lacks a part of nftables: an error, or where iptables does it why that does. */
async function checkParts(
  host: Host,
  { name }: Backend,
  wanted: Policy["backend"],
): Promise<readonly Problem[]> {
  if (wanted === "iptables" || (await findObstacle(host)) !== undefined) return [];
  const lack = await nftables.findObstacle(host);
  if (lack === undefined || !isIncomplete(lack)) return [];
  if (name === "nftables") return [lack];
  return [{ ...lack, severity: "warning", what: `${lack.what}; iptables would hold the gate` }];
}

function judgeOf({ policy }: PlacedPolicy, known: Known, reports: readonly DoorReport[]): Judge {
  return {
    better: ({ name, sequence }) => {
      const remedy = reports.find(({ door }) => door === name)?.remedy;
      if (sequence === undefined || remedy === undefined) return undefined;
      return { ...sequence, steps: remedy.steps, watch: remedy.watch };
    },
    isSafe: (door, sequence) => {
      const { openedBy, predictable } = judgeDoor(policy, { ...door, sequence }, known);
      return openedBy === undefined && predictable === undefined;
    },
  };
}

const chance = (below: number) => randomInt(below);

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
  if (commonPorts !== undefined) return { known: { commonPorts, chance }, missing: [] };
  const [first] = files;
  const why = first === undefined || first.ok ? "it names no ports" : first.problems[0]?.what;
  const missing = `nmap's own order of ports was not tried: ${why ?? ""}`;
  return { known: { commonPorts: undefined, chance }, missing: [missing] };
}
