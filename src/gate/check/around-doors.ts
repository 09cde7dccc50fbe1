/** Ways past the doors of a loaded gate that are open for certain, though the gate sees all packets. */
import type { Host } from "../../host/index.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Problem } from "../../problem/problem.ts";
import { checkAroundNat } from "./around-nat.ts";
import { checkLocalElsewhere } from "./local-elsewhere.ts";
import { checkSecondPorts } from "./second-port.ts";
import { readLayout } from "./surroundings.ts";

/** Errors alone: what may be open is for `check` to say. */
export async function findWaysAround(host: Host, placed: PlacedPolicy): Promise<Problem[]> {
  const layout = await readLayout(host);
  return [
    ...checkAroundNat(placed, layout),
    ...checkSecondPorts(placed, layout),
    ...checkLocalElsewhere(placed, layout),
  ].filter(({ severity }) => severity === "error");
}
