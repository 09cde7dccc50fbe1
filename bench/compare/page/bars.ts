/** A bar chart as SVG, which reads on a light page and on a dark one. */

export interface Bar {
  readonly name: string;
  /** 0 or more. */
  readonly value: number;
  /** What stands behind the bar. */
  readonly text: string;
  readonly isOurs: boolean;
}

export interface BarChart {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Each step of the same length is ten times as much. The bars then begin at this value. */
  readonly logarithmicFrom?: number;
}

const [WIDTH, ROW, NAMES, TEXTS, TOP] = [760, 22, 250, 130, 34];
const STYLE = [
  "text { font: 13px system-ui, sans-serif; fill: #24292f; }",
  ".title { font-weight: 600; }",
  ".ours { fill: #1f6feb; } .other { fill: #8c959f; }",
  "@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }",
].join(" ");

export function printBars({ title, bars, logarithmicFrom }: BarChart): string {
  const height = TOP + bars.length * ROW + 8;
  const room = WIDTH - NAMES - TEXTS;
  const scaled = (value: number) =>
    logarithmicFrom === undefined
      ? Math.max(0, value)
      : Math.max(0, Math.log10(value / logarithmicFrom));
  const most = Math.max(...bars.map(({ value }) => scaled(value)));
  const rows = bars.flatMap(({ name, value, text, isOurs }, n) => {
    const y = TOP + n * ROW;
    const length = most === 0 ? 0 : (scaled(value) / most) * room;
    const width = Math.max(1, Math.round(length));
    return [
      `<text x="${NAMES - 8}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${isOurs ? "ours" : "other"}" x="${NAMES}" y="${y + 2}" width="${width}" height="${ROW - 6}"/>`,
      `<text x="${NAMES + width + 6}" y="${y + 14}">${escaped(text)}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="8" y="20">${escaped(title)}</text>`,
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
