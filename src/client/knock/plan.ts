/** How a door is knocked at, and where it shows whether it has opened. */
import type { Port } from "../../policy/policy.ts";
import type { ClientDoor } from "../profile/profiles.ts";
import type { Errand } from "./knock.ts";

/** For whoever then starts a program that may pick any address. Without `wait` nothing is tried, and it has to be quick. */
export function planOf(
  door: ClientDoor,
  { wait }: { readonly wait: boolean },
): Pick<Errand, "door" | "tryPorts" | "isHurried" | "isLook" | "everyAddress"> {
  // A connection would use up a door for a single one.
  const canTry = wait && !door.singleUse;
  const tryPorts = canTry ? portsOf(door) : [];
  return { door, tryPorts, isHurried: !wait, isLook: true, everyAddress: true };
}

/** A TCP port of each service of the door. */
export function portsOf({ protects }: ClientDoor): readonly Port[] {
  return protects.flatMap(({ protocol, ports }) => (protocol === "tcp" ? [ports.first] : []));
}
