/** What chains of rules may do with a packet, as far as that can be known without sending it. */

import type { Applies } from "./applies.ts";

export type Then =
  | { readonly kind: "accept" | "stop" | "return" | "go on" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export interface Rule {
  readonly applies: Applies;
  readonly then: Then;
}

export type Chains = ReadonlyMap<string, readonly Rule[]>;

/** `end`: it comes out at the end of the chain. */
export type Ending = "accept" | "stop" | "end";

/** Everything that may become of the packet in the chain. */
export function endingsOf(
  chains: Chains,
  chain: string,
  within: readonly string[] = [],
): Set<Ending> {
  const endings = new Set<Ending>();
  // No kernel takes a chain that leads to itself.
  if (within.includes(chain)) return endings.add("end");
  for (const { applies, then } of chains.get(chain) ?? []) {
    if (applies === "never") continue;
    const outcome = outcomesOf(chains, then, [...within, chain]);
    for (const ending of outcome.endings) endings.add(ending);
    if (applies === "always" && !outcome.goesOn) return endings;
  }
  return endings.add("end");
}

interface Outcome {
  readonly endings: readonly Ending[];
  /** Whether the next rule may see the packet, too. */
  readonly goesOn: boolean;
}

function outcomesOf(chains: Chains, then: Then, within: readonly string[]): Outcome {
  switch (then.kind) {
    case "accept":
    case "stop":
      return { endings: [then.kind], goesOn: false };
    case "return":
      return { endings: ["end"], goesOn: false };
    case "go on":
      return { endings: [], goesOn: true };
    case "goto":
      return { endings: [...endingsOf(chains, then.chain, within)], goesOn: false };
    case "jump": {
      const inner = endingsOf(chains, then.chain, within);
      const goesOn = inner.delete("end");
      return { endings: [...inner], goesOn };
    }
  }
}
