/** Where a gate holds the tokens of its doors. */
import type { Listing, LiveMember, LiveSet } from "../../backend/live.ts";
import { type Carrier, printCarrier } from "../../policy/carriers.ts";
import type { Door, Policy, Token } from "../../policy/policy.ts";

/** One carrier of one door, and the names of its sets. */
export interface Place {
  readonly door: Door;
  readonly token: Token;
  readonly carrier: Carrier;
  readonly tokens: string;
  readonly loaded: string;
  /** For each address family. */
  readonly uses: readonly string[];
}

/** Those that the gate has, of those that the policy says it has. */
export function placesOf({ doors }: Policy, { sets }: Listing): Place[] {
  return doors.flatMap((door) => {
    const { token } = door;
    return (token?.carriers ?? []).flatMap((carrier) => {
      const named = (kind: "tokens" | "loaded" | "uses") =>
        sets.filter((set) => isFor(set, kind, door, carrier)).map(({ name }) => name);
      const [[tokens], [loaded], uses] = [named("tokens"), named("loaded"), named("uses")];
      if (token === undefined || tokens === undefined || loaded === undefined) return [];
      return [{ door, token, carrier, tokens, loaded, uses }];
    });
  });
}

function isFor(
  { label: { role } }: LiveSet,
  kind: "tokens" | "loaded" | "uses",
  door: Door,
  carrier: Carrier,
): boolean {
  return role.kind === kind && role.door === door.name && role.carrier === printCarrier(carrier);
}

/** The members of sets by their names; none of one that is not there. */
export function membersByName(sets: readonly LiveSet[]): (name: string) => readonly LiveMember[] {
  const members = new Map(sets.map((set) => [set.name, set.members]));
  return (name) => members.get(name) ?? [];
}
