/** Runs the parts of a bench, and keeps their figures in bench/results/. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describeMachine, loadNow, untilQuiet } from "./machine.ts";

export type Parts = Readonly<Record<string, () => Promise<unknown>>>;

export interface Wanted {
  /** Names of parts; none: all. */
  readonly parts: readonly string[];
  /** Whether the figures are kept, or only printed. */
  readonly keeps: boolean;
}

export async function runParts(bench: string, parts: Parts, { parts: wanted, keeps }: Wanted) {
  const unknown = wanted.find((name) => !(name in parts));
  if (unknown !== undefined) {
    throw new Error(`${bench}: no part ${unknown}; there are ${Object.keys(parts).join(", ")}`);
  }
  await untilQuiet();
  const file = `bench/results/${bench}.json`;
  const results = resultsSoFar(file);
  for (const [name, measure] of Object.entries(parts)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const date = new Date().toISOString().slice(0, 10);
    const [before, begun] = [loadNow(), performance.now()];
    const figures = await measure();
    const seconds = Math.round((performance.now() - begun) / 1000);
    process.stderr.write(`${bench}: ${name} took ${seconds} s\n`);
    results[name] = { date, load: { before, after: loadNow() }, figures };
    if (keeps) writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  }
}

/** Of another machine nothing is kept. */
function resultsSoFar(file: string): Record<string, unknown> {
  const machine = describeMachine();
  const text = existsSync(file) ? readFileSync(file, "utf8") : "{}";
  const results: Record<string, unknown> = JSON.parse(text);
  const isOfThisMachine = JSON.stringify(results["machine"]) === JSON.stringify(machine);
  return isOfThisMachine ? results : { machine };
}
