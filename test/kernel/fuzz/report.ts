/** What to say of packets that got past a gate. */
import { framesOfDraft } from "./build.ts";
import { describeFrames } from "./describe.ts";
import { reduceDraft } from "./reduce.ts";
import type { Breach, Site } from "./site.ts";

/** Of so many the smallest form is looked for. */
const REDUCED = 2;

/** Each with its frames; of the first few also the smallest packet like it that gets past. */
export async function reportOn(breaches: readonly Breach[], site: Site): Promise<string[]> {
  const reports: string[] = [];
  for (const { draft, what } of breaches.slice(0, REDUCED)) {
    const { link } = site.network;
    const smallest = await reduceDraft(draft, site);
    reports.push(
      `packet ${draft.id}: ${what}\n  ${describeFrames(framesOfDraft(draft, link))}\n` +
        `  at its smallest:\n  ${describeFrames(framesOfDraft(smallest, link))}`,
    );
  }
  const others = breaches.slice(REDUCED).map(({ draft }) => draft.id);
  return others.length === 0 ? reports : [...reports, `and packets ${others.join(", ")}`];
}
