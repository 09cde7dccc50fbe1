/** Ways past the doors of a loaded gate that are open for certain, though the gate sees all packets. */
import type { Host } from "../../host/index.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Problem } from "../../problem/problem.ts";
import { checkAroundNat } from "./around-nat.ts";
import { checkLocalElsewhere } from "./local-elsewhere.ts";
import { checkSecondPorts } from "./second-port.ts";
import { lookAround } from "./surroundings.ts";

/** Errors alone: what may be open is for `check` to say. */
export async function findWaysAround(host: Host, placed: PlacedPolicy): Promise<Problem[]> {
  const around = await lookAround(host, placed.policy, undefined);
  return [
    ...checkAroundNat(placed, around),
    ...checkSecondPorts(placed, around),
    ...checkLocalElsewhere(placed, around),
  ].filter(({ severity }) => severity === "error");
}
