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
  return printBars({ title: "Added to a packet of an established TCP connection", bars });
}

export function delayChart({ delay: { figures } }: Results): string {
  const bars = figures.map(
    ({ way, milliseconds: { median } }): Bar => ({
      ...{ name: way, value: median, text: `${median} ms`, isOurs: isOurs(way) },
    }),
  );
  const title = "From the last packet of a knock to the open port (each step ten times as long)";
  return printBars({ title, bars, logarithmicFrom: 0.01 });
}

export function floodChart({ floods: { figures } }: Results): string {
  const bars = figures.flatMap(({ opened, wantedASecond, knocksOfEach }) =>
    Object.entries(opened).map(
      ([way, count]): Bar => ({
        ...{ name: `${way}, ${wantedASecond}/s`, value: count, isOurs: isOurs(way) },
        text: `${count} of ${knocksOfEach}`,
      }),
    ),
  );
  return printBars({ title: "Knocks that opened among forged beginnings of knocks", bars });
}
