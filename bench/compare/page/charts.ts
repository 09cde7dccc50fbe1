/** The pictures. */
import type { Results } from "../results.ts";
import { type Bar, printBars } from "./bars.ts";
import { isOurs, ORDINARY } from "./known.ts";

export function ordinaryChart(results: Results): string {
  const bars = results.packets.figures.costs
    .filter(({ kind, gate }) => kind === ORDINARY && !/^no rules/.test(gate))
    .map(
      ({ gate, addedNanoseconds: { median } }): Bar => ({
        ...{ name: gate, value: median, text: `${median} ns`, isOurs: isOurs(gate) },
      }),
    );
  const title = "Added to a packet of an established TCP connection";
  return printBars({ title, bars: bars.toSorted(leastFirst) });
}

export function delayChart({ delay: { figures } }: Results): string {
  const bars = figures.map(
    ({ way, milliseconds: { median } }): Bar => ({
      ...{ name: way, value: median, text: `${median} ms`, isOurs: isOurs(way) },
    }),
  );
  const title = "From the last packet of a knock to the open port (logarithmic)";
  return printBars({ title, bars: bars.toSorted(leastFirst), logarithmicFrom: 0.01 });
}

/** Of the rates the one in the middle: slower ones hurt few, and faster ones most. */
export function floodChart({ floods: { figures } }: Results): string {
  const rates = [...new Set(figures.map(({ wantedASecond }) => wantedASecond))];
  const rate = rates[Math.floor(rates.length / 2)];
  const bars = figures
    .filter(({ wantedASecond }) => wantedASecond === rate)
    .flatMap(({ opened, knocksOfEach }) =>
      Object.entries(opened).map(([way, count]): Bar => {
        const text = `${count} of ${knocksOfEach}`;
        return { name: way, value: count, text, isOurs: isOurs(way) };
      }),
    );
  const title = `Knocks that opened among ${rate} forged beginnings of knocks a second`;
  return printBars({ title, bars });
}

function leastFirst(a: Bar, b: Bar): number {
  return a.value - b.value;
}
