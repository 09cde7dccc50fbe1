/** What an agent changes in the sets of the gate, as text for `nft -f`. */

import type { Address } from "../../policy/address.ts";
import type { Admission, LiveSet, SeenKnock, TimedValue } from "../live.ts";
import { TABLE } from "./names.ts";
import { printMember, printRemember } from "./print-elements.ts";

/** Tags that are there already stay as they are. */
export function printTags(set: string, tags: readonly TimedValue[]): string {
  const elements = tags.map(({ value, seconds }) => `0x${value} timeout ${seconds}s`);
  return `add element ${TABLE} ${set} { ${elements.join(", ")} }\n`;
}

/** One transaction: where the knock was seen before, `create` fails, and nobody is let in. */
export function printAdmission({ seen, knock, grants, source, openSeconds }: Admission): string {
  return [
    `create element ${TABLE} ${seen} { ${printSeenKnock(knock)} }\n`,
    ...grants.map((set) => printRemember(set, source, openSeconds)),
  ].join("");
}

/** Those that are there already stay as they are. */
export function printSeen(seen: string, knocks: readonly SeenKnock[]): string {
  return `add element ${TABLE} ${seen} { ${knocks.map(printSeenKnock).join(",\n")} }\n`;
}

function printSeenKnock({ value, seconds, about }: SeenKnock): string {
  return `0x${value} timeout ${seconds}s comment "${about}"`;
}

/** Fails where the source is not a member. */
export function printDelete(set: LiveSet, source: Address): string {
  return `delete element ${TABLE} ${set.name} { ${printMember(set, source)} }\n`;
}
