/** Knocks among forged beginnings of knocks. */
import { printTable } from "../lab/figures.ts";
import { type Course, type FloodResult, measureFlood } from "../lab/flood.ts";
import type { System } from "./system.ts";

/** More than a set holds. */
const SOURCES = 100_000;

export async function measureFloods(
  systems: readonly System[],
  rates: readonly number[],
  course: Course,
): Promise<readonly FloodResult[]> {
  const results: FloodResult[] = [];
  for (const site of systems) {
    const { beginnings, ways } = site;
    if (beginnings === undefined) continue;
    const frames = beginnings(Math.min(SOURCES, Math.max(...rates) * course.seconds));
    for (const aSecond of rates) {
      const scenario = { site, packets: "beginnings", rubbish: () => frames, aSecond, ways };
      results.push(await measureFlood(scenario, course));
    }
  }
  print(results);
  return results;
}

function print(results: readonly FloodResult[]): void {
  const rows = results.flatMap(({ wantedASecond, aSecond, opened, knocksOfEach, processor }) =>
    Object.entries(opened).map(([way, count]) => ({
      "knocks among forged beginnings": way,
      wanted: wantedASecond,
      "a second": aSecond,
      opened: `${count}/${knocksOfEach}`,
      "processor of a daemon": processor,
    })),
  );
  printTable("Floods", rows);
}
