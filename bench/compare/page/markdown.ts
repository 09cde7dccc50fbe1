/** Tables of Markdown, and figures in them. */
import type { Spread } from "../../lab/figures.ts";

export function spread({ median, lowQuartile, highQuartile }: Spread): string {
  return `${share(median)} (${share(lowQuartile)} to ${share(highQuartile)})`;
}

/** To two decimals. */
export function share(value: number): string {
  return value.toFixed(2);
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
