/** Floods of what may be signed knocks, and knocks among them. */

import { printTable } from "../lab/figures.ts";
import { type FloodResult, measureFlood, type Scenario } from "../lab/flood.ts";
import { fwknopWay, rubbishForFwknopd } from "../lab/peers.ts";
import type { Site } from "../lab/site.ts";
import { type PosternSite, signedWay } from "./postern.ts";
import { CARRIER, type Rubbish, rubbishFor } from "./rubbish.ts";

const COURSE = { seconds: 16, beforeSeconds: 2, knocks: 40, knocksASecond: 4 } as const;

export async function measureFloods(
  postern: PosternSite,
  peers: readonly Site[],
): Promise<readonly FloodResult[]> {
  const results: FloodResult[] = [];
  for (const scenario of scenariosOf(postern, peers)) {
    results.push(await measureFlood(scenario, COURSE));
  }
  print(results);
  return results;
}

function scenariosOf(postern: PosternSite, peers: readonly Site[]): Scenario[] {
  const ways = [signedWay(postern, CARRIER), signedWay(postern, "ping")];
  const ours = (kind: Rubbish, rates: readonly number[]): Scenario[] =>
    rates.map((aSecond) => ({
      ...{ site: postern, packets: kind, aSecond, ways },
      rubbish: () => rubbishFor(postern, kind),
    }));
  const theirs = peers.flatMap((site) =>
    [1000, 10_000, 100_000].map((aSecond) => ({
      ...{ site, packets: "random", aSecond, ways: [fwknopWay(site)] },
      rubbish: () => rubbishForFwknopd(site),
    })),
  );
  return [
    ...ours("random", [100_000, 0]),
    ...ours("true tag", [1000, 10_000, 0]),
    ...ours("forged", [1000, 10_000]),
    ...theirs,
  ];
}

function print(results: readonly FloodResult[]): void {
  const rows = results.map(({ gate, packets, aSecond, knocksOfEach, opened, ...result }) => {
    const [same = "", other = ""] = Object.values(opened).map((n) => `${n}/${knocksOfEach}`);
    return {
      "in a flood": `${gate}: ${packets}`,
      wanted: result.wantedASecond,
      "a second": aSecond,
      opened: same,
      "by another carrier": other,
      processor: result.processor,
    };
  });
  printTable(`5. ${COURSE.seconds} s of packets that are no knocks, and knocks among them`, rows);
}
