// What benches share: they time work, take the spread of many times, and print rows of cells as a table.

/** Milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export async function timed<T>(work: () => Promise<T>): Promise<[ms: number, result: T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}

export function spreadOf(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

const WIDTH = 14;

/** Columns are as wide as their widest cell and two spaces, and no narrower than `least`. */
export function columned(table: readonly (readonly string[])[], least = WIDTH): string {
  const width = (i: number) => Math.max(least, ...table.map((row) => (row[i]?.length ?? 0) + 2));
  const widths = (table[0] ?? []).map((_, i) => width(i));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('');
  return table.map((row) => `${line(row).trimEnd()}\n`).join('');
}
