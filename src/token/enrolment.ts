/** What a client is told of a gate: one line, in the words of a policy and of a client's profiles. */
import { printCarrier } from "../policy/carriers.ts";
import type { ClientName, Door, Secret } from "../policy/policy.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { printService } from "../policy/value/service.ts";

/** Only doors that open with tokens are told, and of them only that knock. */
export function printEnrolment(client: ClientName, key: Secret, doors: readonly Door[]): string {
  const told = doors.flatMap(({ token, ...door }) => {
    if (token === undefined) return [];
    const carriers = token.carriers.map(printCarrier).join(", ");
    return [printEnrolledDoor(door, `token: {carriers: [${carriers}]}`)];
  });
  return `{client: ${JSON.stringify(client)}, key: ${JSON.stringify(key)}, doors: {${told.join(", ")}}}`;
}

/** A door with the one knock that the line is about. */
export function printEnrolledDoor(
  { name, protects, openForSeconds, singleUse }: Omit<Door, "token" | "signed">,
  knock: string,
): string {
  const services = protects.map(printService).join(", ");
  const use = singleUse ? ", single-use: true" : "";
  return `${name}: {protects: [${services}], open-for: ${printSeconds(openForSeconds)}${use}, ${knock}}`;
}
