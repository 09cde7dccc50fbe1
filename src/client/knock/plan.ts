/** How a door is knocked at, and where it shows whether it has opened. */
import type { ClientDoor } from "../profile/profiles.ts";
import type { Plan } from "./approach.ts";

/** Without `wait` nothing is tried, and it has to be quick. */
export function planOf(
  door: ClientDoor,
  { wait }: { readonly wait: boolean },
): Pick<Plan, "door" | "tryPorts" | "isHurried"> {
  // A connection would use up a door for a single one.
  const canTry = wait && !door.singleUse;
  return { door, tryPorts: canTry ? portsOf(door) : [], isHurried: !wait };
}

/** A TCP port of each service of the door. */
export function portsOf({ protects }: ClientDoor): readonly number[] {
  return protects.flatMap(({ protocol, ports }) => (protocol === "tcp" ? [ports.first] : []));
}
