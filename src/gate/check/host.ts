/** What only the host can tell of a policy. */
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door, Policy, Sequence } from "../../policy/policy.ts";
import type { Problem } from "../../problem/problem.ts";
import { checkAroundNat } from "./around-nat.ts";
import { checkCarrierServers } from "./carriers.ts";
import { checkConnected } from "./connected.ts";
import { checkCovering } from "./covering.ts";
import { checkListening } from "./listening.ts";
import { checkLocalElsewhere } from "./local-elsewhere.ts";
import { moverOf } from "./moving.ts";
import { checkNaming } from "./naming.ts";
import { checkSecondPorts } from "./second-port.ts";
import { checkSourceRoutes } from "./source-routes.ts";
import { checkStopped } from "./stopped.ts";
import type { Surroundings } from "./surroundings.ts";
import { checkUdpEphemeral } from "./udp-ephemeral.ts";
import { checkWatching } from "./watching.ts";

/** What the scans say of other sequences for the doors. */
export interface Judge {
  /** A sequence that no scan opens in the place of one that a scan does. */
  readonly better: (door: Door) => Sequence | undefined;
  readonly isSafe: (door: Door, sequence: Sequence) => boolean;
}

export function checkHost(
  placed: PlacedPolicy,
  around: Surroundings,
  { better, isSafe }: Judge,
): Problem[] {
  const move = moverOf(placed.policy, around, isSafe);
  return [
    ...checkConnected(placed, around),
    ...checkListening(placed, around),
    ...checkStopped(placed, around),
    ...checkCarrierServers(placed, around),
    ...checkWatching(placed, around, (door, sequence) => move(door, better(door) ?? sequence)),
    ...checkUdpEphemeral(placed, around),
    ...checkCovering(placed, around),
    ...checkNaming(placed, around),
    ...checkAroundNat(placed, around),
    ...checkSecondPorts(placed, around),
    ...checkLocalElsewhere(placed, around),
    ...checkSourceRoutes(placed, around),
  ];
}

/** In words, what a check of this policy would have looked at and could not. */
export function listUnseen({ interfaces, doors }: Policy, around: Surroundings): string[] {
  const needsAddresses =
    interfaces.length > 0 || doors.some(({ destinations }) => destinations.length > 0);
  return [
    ...(around.listeners === undefined
      ? ["who is connected and what listens was not looked at: `ss` does not tell"]
      : []),
    ...(around.addresses === undefined && needsAddresses
      ? ["this host's addresses were not looked at: `ip` does not tell"]
      : []),
  ];
}
