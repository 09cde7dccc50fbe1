/** Figures of many measurements, and tables of figures. */

/** In the unit of what was measured. */
export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly lowQuartile: number;
  readonly highQuartile: number;
  readonly p99: number;
  readonly most: number;
}

export function spreadOf(measured: readonly number[]): Spread {
  const sorted = measured.toSorted((a, b) => a - b);
  // The nearest rank: a value that was measured.
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  const [lowQuartile, median, highQuartile, p99, most] = [0.25, 0.5, 0.75, 0.99, 1].map((share) =>
    rounded(at(share) ?? Number.NaN),
  ) as [number, number, number, number, number];
  return { count: sorted.length, median, lowQuartile, highQuartile, p99, most };
}

/** To three digits, or to whole numbers. */
export function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

type Row = Readonly<Record<string, string | number>>;

/** The columns are those of the first row. */
export function printTable(title: string, rows: readonly Row[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => `${row[column] ?? ""}`))];
  const widths = columns.map((_, n) => Math.max(...cells.map((row) => row[n]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0)))
      .join("  "),
  );
  process.stdout.write(`\n${title}\n${lines.join("\n")}\n`);
}
