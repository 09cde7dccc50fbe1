/** Doors with names that could be mistaken for something else. */
import fc from "fast-check";
import type { Memory } from "../../src/compile/index.ts";
import type { Program } from "../../src/program/index.ts";
import { programOf } from "./policy.ts";

/** Names that meet words of nft, of our own chains and sets, and parts of such names. */
export const TRICKY_NAMES: readonly string[] = [
  ..."accept drop reset return jump goto queue tcp udp th ip ip6 all any last".split(" "),
  ..."table chain set inet hook meta counter limit services knocks pings gate".split(" "),
  ..."prerouting trusted pass existing elsewhere banned banned4 auto auto-banned".split(" "),
  ..."wrong flows syns single knocks-1 services-1 ssh ssh-1 ssh1 ssh-stage1".split(" "),
  ..."ssh-grants4 stage1-4 grants grants4 open refused answer-as-closed answer".split(" "),
  ..."reassemble made-of signed signed-ping candidate tags carrier tokens x a- z9-".split(" "),
  ...["a".repeat(32), `${"a".repeat(31)}-`],
];

/** Any name of a door, those above more often than others, and such as are nearly one of them. */
export const doorName = fc.oneof(
  fc.constantFrom(...TRICKY_NAMES),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  fc
    .tuple(fc.constantFrom(...TRICKY_NAMES), fc.constantFrom("1", "4", "-1", "-4"))
    .map(([name, end]) => `${name}${end}`.slice(0, 32)),
);

/** Doors of every kind of set and chain that the memory has, with these names. */
export function programOfDoors(names: readonly string[], memory: Memory = "connections"): Program {
  const more =
    memory === "sources"
      ? ""
      : ", token: { carriers: [ping, udp/60001] }, signed: { carriers: [ping, udp/60001] }";
  const doors = names.map(
    (name, n) =>
      `  "${name}": { protects: [tcp/${n + 1}, udp/${n + 1}], single-use: ${n % 2 === 0}, sequence: { steps: [50001, 50002, 50003] }${more} }`,
  );
  const ban = "ban: { after: 2, within: 1m, for: 1m }\nlog: true\n";
  return programOf(`${ban}doors:\n${doors.join("\n")}\n`, memory);
}
