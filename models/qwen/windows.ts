// Computes which merged cells of picture grids attend to one another, and how the tower orders its rows for that.
import type { VisionConfig } from './config.ts';
import { mergedCells, type PatchGrid } from './rope.ts';

/** Cells (indices over all pictures of a call) that attend to one another. */
export type Window = readonly number[];

/** All windows in row order: the cells, and runs of windows that are equally long. */
export interface WindowLayout {
  cells: readonly number[];
  runs: readonly WindowRun[];
}

export interface WindowRun {
  windows: number;
  /** Patches of each. */
  patches: number;
  /** After so many windows the run's grid places repeat: pictures of one size. */
  period: number;
}

/** Windows of window x window cells from the top left of each picture; border windows are smaller. */
export function gridWindows(
  grids: readonly PatchGrid[],
  { merge, window }: Pick<VisionConfig, 'merge' | 'window'>,
): Window[] {
  let first = 0;
  return grids.flatMap((grid) => {
    const [rows, columns] = [grid.h / merge, grid.w / merge];
    const start = first;
    first += rows * columns;
    return corners(rows, window).flatMap(([top, bottom]) =>
      corners(columns, window).map(([left, right]) =>
        span(top, bottom).flatMap((row) => span(left, right).map((column) => start + row * columns + column)),
      ),
    );
  });
}

const span = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Splits a length into [0, step), [step, 2 step) .. up to `length`. */
const corners = (length: number, step: number): [number, number][] =>
  Array.from({ length: Math.ceil(length / step) }, (_, i) => [i * step, Math.min(length, (i + 1) * step)]);

/** Brings equal lengths side by side, so that each run is one dense attention without a mask. */
export function windowLayout(grids: readonly PatchGrid[], config: VisionConfig): WindowLayout {
  const windows = gridWindows(grids, config);
  const [first] = grids;
  const alike = grids.every((grid) => grid.h === first?.h && grid.w === first?.w);
  const sorted = windows.toSorted((a, b) => b.length - a.length);
  const oneLength = sorted[0]?.length === sorted.at(-1)?.length;
  const period = alike && oneLength ? windows.length / grids.length : 0;
  return layoutOf(sorted, config.merge, period);
}

/** Makes one window of each picture; its cells keep the order that `base` gives them, so that little has to move in between. */
export function pictureLayout(grids: readonly PatchGrid[], { merge }: VisionConfig, base: WindowLayout): WindowLayout {
  const ends: number[] = [];
  for (const grid of grids) ends.push((ends.at(-1) ?? 0) + mergedCells(grid, merge));
  const pictures: number[][] = grids.map(() => []);
  for (const cell of base.cells) pictures[ends.findIndex((end) => cell < end)]?.push(cell);
  const sorted = pictures.toSorted((a, b) => b.length - a.length);
  const [first] = base.runs;
  const repeats = base.runs.length === 1 && first && first.period < first.windows;
  return layoutOf(sorted, merge, repeats ? 1 : 0);
}

/** `period` 0: the places do not repeat. */
function layoutOf(windows: readonly Window[], merge: number, period: number): WindowLayout {
  const runs: WindowRun[] = [];
  for (const { length } of windows) {
    const last = runs.at(-1);
    if (last?.patches === length * merge ** 2) last.windows++;
    else runs.push({ windows: 1, patches: length * merge ** 2, period });
  }
  return { cells: windows.flat(), runs: runs.map((run) => ({ ...run, period: run.period || run.windows })) };
}
