/**
 * What a gate costs and what it is worth, beside everything that a user would pick instead: knockd,
 * fwknopd, the rules that are published for iptables and for nftables, and none.
 *
 * `node dist/bench/compare.js [quick] PART...` measures some parts anew, and leaves the figures of
 * the others; `quick` measures each for a shorter time, and prints only.
 */
import { measureBulk } from "./compare/bulk.ts";
import { measureFloods } from "./compare/floods.ts";
import { measureIdle } from "./compare/idle.ts";
import { measureMemory } from "./compare/memory.ts";
import { measurePackets, measureState, openTargets } from "./compare/packets.ts";
import { writePages } from "./compare/page/write.ts";
import { measureReloads } from "./compare/reloads.ts";
import type { System } from "./compare/system.ts";
import { makeSystems, type Name } from "./compare/systems.ts";
import { measureDelays } from "./lab/delay.ts";
import { runParts } from "./lab/results.ts";

const words = process.argv.slice(2);
const isQuick = words.includes("quick");
const wanted = words.filter((word) => word !== "quick");
/** Of a quick run and of a whole one. */
const either = <T>(quick: T, whole: T): T => (isQuick ? quick : whole);

const HOSTS: readonly Name[] = ["no rules", "no rules, again", "a counter"];
const OURS: readonly Name[] = ["postern", "postern, iptables-nft", "postern, iptables-legacy"];
const OURS_WITH_MORE: readonly Name[] = [
  ...["postern, tokens", "postern, 50 doors"],
  ...["postern, iptables-nft, 50 doors", "postern, iptables-legacy, 50 doors"],
] as const;
const RULES: readonly Name[] = [
  ...["published rules, iptables-nft", "published rules, iptables-legacy", "nftables wiki"],
] as const;
const DAEMONS: readonly Name[] = ["knockd", "fwknopd, udp", "fwknopd, pcap"];
/** Each that is knocked at in a way of its own. */
const KNOCKED: readonly Name[] = ["postern, tokens", ...OURS.slice(1), ...RULES, ...DAEMONS];

/** Sources part way. */
const FULL = [0, 60_000];
const STEPWISE = [0, 100, 10_000, 60_000];

/** Made for a part, and gone after it: what they have seen does not count for another. */
async function withSystems<T>(
  names: readonly Name[],
  measure: (systems: readonly System[]) => Promise<T>,
): Promise<T> {
  const systems = await makeSystems(names);
  try {
    return await measure(systems);
  } finally {
    for (const { network } of systems) network.remove();
  }
}

const PARTS = {
  idle: () => withSystems(DAEMONS, (systems) => measureIdle(systems, either(10, 90))),
  packets: () =>
    withSystems([...HOSTS, ...OURS, ...OURS_WITH_MORE, ...RULES, ...DAEMONS], async (systems) =>
      measurePackets(await openTargets(systems), either(4, 30)),
    ),
  state: () =>
    withSystems([...HOSTS, ...OURS, "postern, tokens", ...RULES, ...DAEMONS], async (systems) =>
      measureState(await openTargets(systems), either(2, 8), either(FULL, STEPWISE)),
    ),
  bulk: () =>
    withSystems([...HOSTS, ...OURS, "postern, tokens", ...RULES, ...DAEMONS], (systems) =>
      measureBulk(systems, either(1, 5)),
    ),
  delay: () =>
    withSystems(KNOCKED, (systems) =>
      measureDelays(
        systems.flatMap(({ ways }) => ways),
        either(1, 5),
      ),
    ),
  floods: () =>
    withSystems(KNOCKED, (systems) =>
      measureFloods(systems, either([5000], [1000, 5000, 50_000]), {
        ...{ seconds: either(5, 11), beforeSeconds: either(1, 3) },
        ...{ knocks: either(6, 20), knocksASecond: 3 },
      }),
    ),
  reloads: () =>
    withSystems([...OURS, ...RULES], (systems) => measureReloads(systems, either(10, 200))),
  memory: () => measureMemory(["no rules", ...OURS, ...RULES, ...DAEMONS], either(1, 3)),
};

await runParts("compare", PARTS, { parts: wanted, keeps: !isQuick });
if (!isQuick) writePages();
