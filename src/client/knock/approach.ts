/** Knocks at one address, and goes in. */
import type { Connecting, Destination, Host } from "../../host/index.ts";
import type { ClientDoor } from "../profile/profiles.ts";
import type { Protocol } from "./packet.ts";
import { type Sight, Way } from "./way.ts";

export interface Plan {
  readonly door: ClientDoor;
  /** For steps that take either. */
  readonly via: Protocol | undefined;
  /** TCP ports of the door at which to find out whether it is open; none: nothing is tried. */
  readonly tryPorts: readonly number[];
  /** Whether what cannot be tried has to be quick all the same. */
  readonly isHurried: boolean;
  readonly watch: (sight: Sight) => void;
}

/** `shut` says what was met instead: `silent`, `refused`, or the system's word for it. */
export type Arrival = {
  /** What kept steps from arriving, in the system's words. */
  readonly turnedBack: readonly string[];
} & (
  | { readonly kind: "open"; readonly connection: Connecting }
  | { readonly kind: "untried" }
  | { readonly kind: "shut"; readonly met: string }
);

/** Is over when `end` is aborted; what was begun by then is ended, but for the connection. */
export async function approach(
  host: Host,
  to: Destination,
  plan: Plan,
  end: AbortSignal,
): Promise<Arrival> {
  const { door, via, tryPorts, isHurried, watch } = plan;
  const way = new Way(host, to, { withinSeconds: door.withinSeconds, watch, end });
  try {
    if (tryPorts.length === 0) {
      await way.makeSteps(door.steps, via, isHurried ? "quick" : "careful");
      return { kind: "untried", turnedBack: way.turnedBack };
    }
    for (const care of ["quick", "careful"] as const) {
      await way.makeSteps(door.steps, via, care);
      const connection = await way.enter(tryPorts, care);
      const { turnedBack } = way;
      if (connection !== undefined) return { kind: "open", connection, turnedBack };
    }
    return { kind: "shut", met: way.met, turnedBack: way.turnedBack };
  } finally {
    way.leave();
  }
}
