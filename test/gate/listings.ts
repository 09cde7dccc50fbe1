/** Listings of gates, made as nft makes them from what a program prints. */
import { labelOf, printLabel } from "../../src/backend/labels.ts";
import type { Counter, Program, TimedSet } from "../../src/program/index.ts";

/** A member as nft lists it. */
export type Element =
  | string
  | { readonly elem: { readonly val: string; readonly expires: number } };

export function element(val: string, expires: number): Element {
  return { elem: { val, expires } };
}

/** What `nft --json list table` prints of the gate of a program. */
export function listingOf(
  program: Program,
  members: Readonly<Record<string, readonly Element[]>> = {},
  counts: Readonly<Record<string, number>> = {},
): string {
  const inTable = { family: "inet", table: "postern", handle: 1 };
  const setOf = (set: TimedSet) => ({
    ...inTable,
    name: set.name,
    type: set.family === "ipv4" ? "ipv4_addr" : "ipv6_addr",
    comment: printLabel(labelOf(set)),
    size: set.capacity,
    flags: ["timeout"],
    ...(members[set.name] === undefined ? {} : { elem: members[set.name] }),
  });
  const counterOf = ({ name }: Counter) => ({
    ...inTable,
    name,
    packets: counts[name] ?? 0,
    bytes: 0,
  });
  return JSON.stringify({
    nftables: [
      { metainfo: { version: "1.0.6", release_name: "Lester Gooch #5", json_schema_version: 1 } },
      { table: { family: "inet", name: "postern", handle: 1 } },
      ...program.chains.map(({ name }) => ({ chain: { ...inTable, name } })),
      ...program.counters.map((counter) => ({ counter: counterOf(counter) })),
      ...program.logs.map((line) => ({ limit: { ...inTable, name: `${line}_lines` } })),
      ...program.sets.map((set) => ({ set: setOf(set) })),
    ],
  });
}
