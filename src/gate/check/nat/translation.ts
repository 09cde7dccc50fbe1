/** Rules that send packets to another address or port than the sender wrote. */

import type { Ports } from "../ports.ts";
import { doubtful, isNobody, isWithin, type Packets, packetsMeet, type Span } from "./packets.ts";

/** Where a rule sends its packets. */
export interface Target {
  /** Undefined: an address of this host. */
  readonly to: Span | undefined;
  /** Undefined: the port stays. Of several one is chosen. */
  readonly ports: Ports | undefined;
}

export interface Translation {
  readonly packets: Packets;
  readonly target: Target;
  /** The rule as it stands: `the rule "-A PREROUTING ..." of iptables`. Outside text. */
  readonly rule: string;
  /** The command that deletes it. */
  readonly undo: string;
}

/** What a rule does with its packets, as far as it matters here. */
export type Deed =
  | { readonly kind: "translate"; readonly target: Target }
  /** No rule after it sees the packet: those of the chain, or of all chains behind the hook. */
  | { readonly kind: "return" | "end" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export interface NatRule {
  /** Those of the packets that meet the rule for which it is. */
  readonly narrow: (packets: Packets) => Packets;
  readonly deed: Deed;
  readonly rule: string;
  readonly undo: string;
}

export type NatChains = ReadonlyMap<string, readonly NatRule[]>;

/** What other rules have taken already: of the whole hook, and of the chain. */
interface Taken {
  readonly ended: Packets[];
  readonly returned: Packets[];
}

/** Every translation of what comes to the chain; those that other rules hide are left out. */
export function translationsFrom(
  chains: NatChains,
  chain: string,
  packets: Packets,
  ended: Packets[] = [],
  within: readonly string[] = [],
): Translation[] {
  // No kernel takes a chain that leads to itself.
  if (within.includes(chain)) return [];
  const taken: Taken = { ended, returned: [] };
  return (chains.get(chain) ?? []).flatMap((rule) => {
    const those = without(rule.narrow(packets), [...ended, ...taken.returned]);
    if (those === undefined) return [];
    const { deed } = rule;
    const found =
      deed.kind === "jump" || deed.kind === "goto"
        ? translationsFrom(chains, deed.chain, those, ended, [...within, chain])
        : [];
    take(taken, deed, those);
    return deed.kind === "translate" ? [translationOf(rule, deed.target, those)] : found;
  });
}

function translationOf({ rule, undo }: NatRule, target: Target, packets: Packets): Translation {
  return { packets, target, rule, undo };
}

function take({ ended, returned }: Taken, { kind }: Deed, packets: Packets): void {
  if (kind === "translate" || kind === "end") ended.push(packets);
  if (kind === "return" || kind === "goto") returned.push(packets);
}

/** Undefined where the others are all of them; doubtful where they may be some. */
function without(packets: Packets, taken: readonly Packets[]): Packets | undefined {
  if (isNobody(packets) || taken.some((others) => isWithin(packets, others))) return undefined;
  return taken.some((others) => packetsMeet(packets, others)) ? doubtful(packets) : packets;
}
