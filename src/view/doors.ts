/** Doors of a policy in one line each. Steps are secret and not shown. */
import { printCarrier } from "../policy/carriers.ts";
import type { Door, Sequence, Signed, Token } from "../policy/policy.ts";
import { printSeconds } from "../policy/value/seconds.ts";

/** What the line tells of: a door of a policy, or of a profile. */
type Told = Pick<Door, "name" | "protects" | "openForSeconds" | "singleUse"> & {
  readonly sequence: Pick<Sequence, "steps"> | undefined;
  readonly token?: Pick<Token, "carriers"> | undefined;
  readonly signed?: Pick<Signed, "carriers"> | undefined;
};

export function renderDoor(door: Told): string {
  const services = door.protects.map(({ protocol, ports: { first, last } }) =>
    first === last ? `${protocol}/${first}` : `${protocol}/${first}-${last}`,
  );
  return `  ${door.name}  ${services.join(" ")}  ${waysIn(door)}`;
}

function waysIn({ sequence, token, signed, openForSeconds, singleUse }: Told): string {
  const knocks = [
    ...(sequence === undefined ? [] : [inSteps(sequence.steps.length)]),
    ...(token === undefined ? [] : [`a token by ${token.carriers.map(printCarrier).join(" ")}`]),
    ...(signed === undefined
      ? []
      : [`a signed knock by ${signed.carriers.map(printCarrier).join(" ")}`]),
  ];
  if (knocks.length === 0) return "opened only by hand";
  const use = singleUse ? "one connection within" : "open for";
  return `${knocks.join(", or ")}, ${use} ${printSeconds(openForSeconds)}`;
}

function inSteps(length: number): string {
  return `${length} ${length === 1 ? "step" : "steps"}`;
}
