/** What can hold a gate in the kernel: nftables, and iptables of both kinds. */
import { compilePolicy, type Memory } from "../../src/compile/index.ts";
import type { Backend } from "../../src/gate/backend.ts";
import { iptables } from "../../src/gate/iptables/index.ts";
import { loadPolicy } from "../../src/gate/load.ts";
import { nftables } from "../../src/gate/nftables/index.ts";
import type { Host as GateHost } from "../../src/host/index.ts";
import type { Family } from "../../src/policy/address.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import type { Host } from "./host.ts";
import { liveHost } from "./live-host.ts";

export interface Holder {
  readonly name: "nftables" | "iptables-nft" | "iptables-legacy";
  readonly backend: Backend;
  /** What the programs remember that it can hold. */
  readonly memory: Memory;
  /** A host of a test as the code under test knows it, which uses this holder. */
  readonly on: (host: Host) => GateHost;
}

export const NFTABLES: Holder = {
  name: "nftables",
  backend: nftables,
  memory: "connections",
  on: liveHost,
};

export const IPTABLES_NFT = iptablesOf("nft");
export const IPTABLES_LEGACY = iptablesOf("legacy");

/** Both kinds of iptables. */
export const EITHER_IPTABLES: readonly Holder[] = [IPTABLES_NFT, IPTABLES_LEGACY];

export const HOLDERS: readonly Holder[] = [NFTABLES, ...EITHER_IPTABLES];

/**
 * For tests that take their time: iptables reads one text for both families, so each kind of it
 * is tried over one.
 */
export function holdersOver(family: Family): readonly Holder[] {
  return [NFTABLES, family === "ipv4" ? IPTABLES_LEGACY : IPTABLES_NFT];
}

function iptablesOf(kind: "nft" | "legacy"): Holder {
  return {
    name: `iptables-${kind}`,
    backend: iptables,
    memory: "sources",
    on: (host) => {
      const live = liveHost(host);
      return { ...live, run: (argv, options) => live.run(ofKind(argv, kind), options) };
    },
  };
}

/** What a distribution does with links: the programs without a kind in their names are of one. */
function ofKind([program = "", ...args]: readonly string[], kind: string): string[] {
  return [program.replace(/^(ip6?tables)(-save|-restore)?$/, `$1-${kind}$2`), ...args];
}

/** Puts the gate of a policy up for a host on which services listen at all addresses. */
export async function hold(holder: Holder, host: Host, policyText: string): Promise<void> {
  const program = compilePolicy(policyOf(policyText), {}, holder.memory);
  sure(await holder.backend.load(holder.on(host), program, []));
}

/** The same as `apply` does it: the rules depend on what listens here and what is handed on. */
export async function holdAsFound(holder: Holder, host: Host, policyText: string): Promise<void> {
  sure(await loadPolicy(holder.on(host), holder.backend, policyOf(policyText)));
}

export async function letGo(holder: Holder, host: Host): Promise<void> {
  sure(await holder.backend.remove(holder.on(host)));
}
