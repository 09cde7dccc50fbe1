/** Which scan opens a sequence, and the chance that random packets do. */
import type { Door, Policy, Sequence } from "../policy/policy.ts";
import { type Attempt, attemptAt, OPEN, START, send } from "./attempt.ts";
import { chanceOf } from "./chance.ts";
import { type Ground, groundOf } from "./ground.ts";
import { ALL_PORTS, type Ports } from "./orders.ts";
import type { Scan } from "./scans.ts";

/** A door as scanners meet it. */
export interface Target {
  readonly ground: Ground;
  readonly attempt: Attempt;
}

/** A ground may serve many sequences that have the same ports, pings and watch range. */
export function targetOf(policy: Policy, door: Door, ground: Ground): Target {
  return { ground, attempt: attemptAt(policy, door, ground.knocks) };
}

/** The door's target; it has this sequence. */
export function targetAt(policy: Policy, door: Door, sequence: Sequence): Target {
  return targetOf(policy, door, groundOf(sequence));
}

/** Whether a scan of the ports in a range opens the door. */
export function opens(target: Target, scan: Scan, range: Ports = ALL_PORTS): boolean {
  const { ground, attempt } = target;
  const packets = scan.kind === "pings" ? ground.sweepOf(scan) : ground.packetsOf(scan, range);
  const greeting = scan.kind === "pings" ? undefined : ground.pingOf(scan.ping);
  let place = START;
  for (let time = 0; time < scan.times; time += 1) {
    if (greeting !== undefined) place = send(attempt, place, greeting);
    for (const packet of packets) {
      place = send(attempt, place, packet);
      if (scan.doubled) place = send(attempt, place, packet);
    }
  }
  return place === OPEN;
}

/** The first of the scans that opens the door, by its place among them. */
export function firstOpening(target: Target, scans: readonly Scan[]): number | undefined {
  const index = scans.findIndex((scan) => opens(target, scan));
  return index === -1 ? undefined : index;
}

/** How many random packets a scanner is given. */
const PACKETS = 1000;

export function chancePerThousand({ attempt, ground }: Target): number {
  return chanceOf(attempt, ground, PACKETS);
}
