/** Doors of a policy in one line each. Steps are secret and not shown. */
import type { Door, Sequence } from "../policy/policy.ts";
import { printSeconds } from "../policy/value/seconds.ts";

/** What the line tells of: a door of a policy, or of a profile. */
type Told = Pick<Door, "name" | "protects" | "openForSeconds" | "singleUse"> & {
  readonly sequence: Pick<Sequence, "steps"> | undefined;
};

export function renderDoor(door: Told): string {
  const services = door.protects.map(({ protocol, ports: { first, last } }) =>
    first === last ? `${protocol}/${first}` : `${protocol}/${first}-${last}`,
  );
  return `  ${door.name}  ${services.join(" ")}  ${waysIn(door)}`;
}

function waysIn({ sequence, openForSeconds, singleUse }: Told): string {
  if (sequence === undefined) return "opened only by hand";
  const { length } = sequence.steps;
  const steps = `${length} ${length === 1 ? "step" : "steps"}`;
  const use = singleUse ? "one connection within" : "open for";
  return `${steps}, ${use} ${printSeconds(openForSeconds)}`;
}
