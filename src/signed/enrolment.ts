/** What everybody is told of a gate who knocks with an SSH key: one line, and no secret in it. */
import { printCarrier } from "../policy/carriers.ts";
import type { Door } from "../policy/policy.ts";
import { printEnrolledDoor } from "../token/index.ts";
import { printSealingPublicKey } from "./sealing-key.ts";

/**
 * In the words of a policy and of a client's profiles, for `postern profile add`. Only doors that
 * open with signed knocks are told, and of them only that knock; undefined where there are none.
 */
export function printSignedEnrolment(
  sealingPublicKey: Uint8Array,
  doors: readonly Door[],
): string | undefined {
  const told = doors.flatMap(({ signed, ...door }) => {
    if (signed === undefined) return [];
    const carriers = signed.carriers.map(printCarrier).join(", ");
    const bound = signed.bound ? ", bound: true" : "";
    return [printEnrolledDoor(door, `signed: {carriers: [${carriers}]${bound}}`)];
  });
  if (told.length === 0) return undefined;
  const key = JSON.stringify(printSealingPublicKey(sealingPublicKey));
  return `{sealing-key: ${key}, doors: {${told.join(", ")}}}`;
}
