/** What is compared: gates, and hosts without one, each on a wire of its own, and all of them at once. */
import { IPTABLES_LEGACY, IPTABLES_NFT, NFTABLES } from "../../test/kernel/holders.ts";
import {
  type FwknopMode,
  fwknopWay,
  makeFwknopd,
  makeKnockd,
  rubbishForFwknopd,
} from "../lab/peers.ts";
import { makeHosts } from "../lab/site.ts";
import { firstStepsAt, stepsWay } from "../lab/ways.ts";
import { published, wiki } from "./others-rules.ts";
import { manyDoorsPolicy, postern, sequencePolicy, tokenPolicy } from "./ours.ts";
import { type Maker, SECONDS, type System } from "./system.ts";

const withoutKnocks =
  (ruleset?: string): Maker =>
  async (name) => {
    const network = await makeHosts();
    if (ruleset !== undefined) await network.server.run(["nft", ruleset]);
    return {
      ...{ name, network, daemon: undefined, ways: [], beginnings: undefined, reload: undefined },
      letIn: () => Promise.resolve(new Set()),
      shut: () => Promise.resolve(),
    };
  };

const COUNTER = "table inet t { chain c { type filter hook input priority 0; counter; }; }";

const knockd: Maker = async (name) => {
  const site = { ...(await makeKnockd(SECONDS)), name };
  return { ...site, ways: [stepsWay(site)], beginnings: firstStepsAt(site), reload: undefined };
};

const fwknopd =
  (mode: FwknopMode): Maker =>
  async (name) => {
    const site = { ...(await makeFwknopd(mode)), name };
    return {
      ...{ ...site, ways: [fwknopWay(site)], reload: undefined },
      beginnings: () => rubbishForFwknopd(site),
    };
  };

/** The first is what the others are compared with; the second shows how far two of the same differ. */
const MAKERS = {
  "no rules": withoutKnocks(),
  "no rules, again": withoutKnocks(),
  "a counter": withoutKnocks(COUNTER),
  postern: postern(NFTABLES, sequencePolicy()),
  "postern, tokens": postern(NFTABLES, tokenPolicy()),
  "postern, 50 doors": postern(NFTABLES, manyDoorsPolicy()),
  "postern, iptables-nft": postern(IPTABLES_NFT, sequencePolicy()),
  "postern, iptables-nft, 50 doors": postern(IPTABLES_NFT, manyDoorsPolicy()),
  "postern, iptables-legacy": postern(IPTABLES_LEGACY, sequencePolicy()),
  "postern, iptables-legacy, 50 doors": postern(IPTABLES_LEGACY, manyDoorsPolicy()),
  "published rules, iptables-nft": published("nft"),
  "published rules, iptables-legacy": published("legacy"),
  "nftables wiki": wiki,
  knockd,
  "fwknopd, udp": fwknopd("udp"),
  "fwknopd, pcap": fwknopd("pcap"),
} satisfies Readonly<Record<string, Maker>>;

export type Name = keyof typeof MAKERS;

export function makeSystem(name: Name): Promise<System> {
  return MAKERS[name](name);
}

export async function makeSystems(names: readonly Name[]): Promise<readonly System[]> {
  const systems: System[] = [];
  for (const name of names) systems.push(await makeSystem(name));
  return systems;
}
