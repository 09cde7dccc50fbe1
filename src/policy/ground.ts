/**
 * Which services are protected on which addresses: finds whether a new one meets any that is
 * there already, by look-ups, so that thousands of doors do not take minutes to compare.
 */
import { maskAddress, type Prefix } from "./address.ts";
import type { PortRange } from "./policy.ts";

/** Something that stands on some ports of some addresses. */
export interface Standing {
  readonly ports: PortRange;
  readonly prefixes: readonly Prefix[];
}

/** Takes in standings in the order of their first ports; two of one protocol at a time. */
export class Ground<S extends Standing> {
  readonly #lengths: readonly number[];
  /** Who stands on exactly this prefix, and who on this one or inside it. */
  readonly #exactly = new Map<string, Set<S>>();
  readonly #inside = new Map<string, Set<S>>();

  /** `lengths` are the lengths of all prefixes that will come. */
  constructor(lengths: Iterable<number>) {
    this.#lengths = [...new Set(lengths)];
  }

  add(standing: S): void {
    for (const prefix of standing.prefixes) {
      put(this.#exactly, keyOf(prefix, prefix.length), standing);
      for (const length of this.#upTo(prefix)) put(this.#inside, keyOf(prefix, length), standing);
    }
  }

  /** One that shares an address and a port with it. */
  rivalOf(standing: S): S | undefined {
    for (const prefix of standing.prefixes) {
      const inside = this.#inside.get(keyOf(prefix, prefix.length));
      const around = this.#upTo(prefix).map((length) => this.#exactly.get(keyOf(prefix, length)));
      for (const others of [inside, ...around]) {
        const rival = firstReaching(others, standing.ports);
        if (rival !== undefined) return rival;
      }
    }
    return undefined;
  }

  #upTo(prefix: Prefix): number[] {
    return this.#lengths.filter((length) => length <= prefix.length);
  }
}

/** Forgets on its way those that ended below: no later one begins below this one. */
function firstReaching<S extends Standing>(
  standings: Set<S> | undefined,
  ports: PortRange,
): S | undefined {
  for (const standing of standings ?? []) {
    if (standing.ports.last >= ports.first) return standing;
    standings?.delete(standing);
  }
  return undefined;
}

function put<S>(map: Map<string, Set<S>>, key: string, standing: S): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, new Set([standing]));
  else there.add(standing);
}

/** Names the prefix of so many bits around this one. */
function keyOf({ first }: Prefix, length: number): string {
  return `${first.family}/${length}/${maskAddress(first, length).bits}`;
}
