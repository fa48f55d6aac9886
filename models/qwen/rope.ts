// Computes position ids of tokens and grids, and the tables that turn queries and keys by them (M-RoPE, 1-D, 2-D).

import { entry } from '../graph/tensor.ts';
import { frequencies, type RotaryTable, rotaryTable } from '../nn/rotary.ts';
import type { LanguageConfig, VisionConfig } from './config.ts';

/** Patches of one picture: `t` frames (1), `h` rows, `w` columns. */
export interface PatchGrid {
  readonly t: number;
  readonly h: number;
  readonly w: number;
}

/** Time, row and column id of each token. */
export type Positions = readonly [Int32Array, Int32Array, Int32Array];

export interface PlacedTokens {
  positions: Positions;
  /** The id that the next token has on all axes. */
  next: number;
}

/** Image tokens of a picture. */
export const mergedCells = ({ h, w }: PatchGrid, merge: number): number => (h / merge) * (w / merge);

/** Where a token stands relative to the current id, and by how much the id grows behind it. */
interface Place {
  row: number;
  column: number;
  step: number;
}

const textPlace: Place = { row: 0, column: 0, step: 1 };

/** A picture's id grows once, behind its last cell, by its longer side. */
function cellPlaces(grid: PatchGrid, merge: number): Place[] {
  const [rows, columns, cells] = [grid.h / merge, grid.w / merge, mergedCells(grid, merge)];
  return Array.from({ length: cells }, (_, i) => ({
    row: Math.floor(i / columns),
    column: i % columns,
    step: i === cells - 1 ? Math.max(rows, columns) : 0,
  }));
}

/**
 * M-RoPE ids of one row: text counts up on all axes, a picture that starts at p has (p, p + row, p + column), and what
 * follows goes on after the largest. `mask` 0 marks padding, which gets 1 and does not count.
 */
export function mropePositions(
  ids: ArrayLike<number>,
  grids: readonly PatchGrid[],
  { imageToken, merge }: { imageToken: number; merge: number },
  mask?: ArrayLike<number>,
): PlacedTokens {
  const [t, h, w] = [ones(ids.length), ones(ids.length), ones(ids.length)];
  const cells = grids.flatMap((grid) => cellPlaces(grid, merge));
  let [next, seen] = [0, 0];
  for (let i = 0; i < ids.length; i++) {
    if (mask?.[i] === 0) continue;
    const place = ids[i] === imageToken ? cells[seen++] : textPlace;
    if (!place) break;
    [t[i], h[i], w[i]] = [next, next + place.row, next + place.column];
    next += place.step;
  }
  if (seen !== cells.length)
    throw new Error(
      `The tokens hold ${seen > cells.length ? 'more' : 'fewer'} image places than the ${cells.length} features.`,
    );
  return { positions: [t, h, w], next };
}

/** Plain ids, alike on all axes: the count of unmasked tokens before; masked ones get 1. */
export function linePositions(mask: ArrayLike<number>): PlacedTokens {
  const ids = ones(mask.length);
  let next = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) ids[i] = next++;
  return { positions: [ids, ids, ids], next };
}

const ones = (length: number): Int32Array => new Int32Array(length).fill(1);

/** Joins the rows of several calls one after the other. */
export function joinPositions(rows: readonly Positions[]): Positions {
  const axis = (i: 0 | 1 | 2) => Int32Array.from(rows.flatMap((row) => [...row[i]]));
  return [axis(0), axis(1), axis(2)];
}

/** [tokens, head width]. Frequency k turns with the time, row or column id, by `sections`. */
export function textTable(positions: Positions, config: LanguageConfig): RotaryTable {
  const { headWidth, theta, sections } = config;
  const speeds = frequencies(theta, headWidth / 2);
  const axisOf = (k: number) => positions[k < sections[0] ? 0 : k < sections[0] + sections[1] ? 1 : 2];
  const angle = (row: number, k: number) => (axisOf(k)[row] ?? Number.NaN) * entry(speeds, k, 'speeds');
  return rotaryTable(positions[0].length, headWidth, angle);
}

/** Row and column of every patch, in the order of pixel_values: the patches of a merged cell follow one another. */
export function patchPlaces({ h, w }: PatchGrid, merge: number): { row: number; column: number }[] {
  const columns = w / merge;
  return Array.from({ length: h * w }, (_, i) => {
    const [cell, inner] = [Math.floor(i / merge ** 2), i % merge ** 2];
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    return { row: row * merge + Math.floor(inner / merge), column: column * merge + (inner % merge) };
  });
}

/** [patches, head width]: the first half of the frequencies turns with the row, the second with the column. */
export function patchTable(
  places: readonly { row: number; column: number }[],
  config: Pick<VisionConfig, 'hidden' | 'heads'>,
): RotaryTable {
  const headWidth = config.hidden / config.heads;
  const speeds = frequencies(10_000, headWidth / 4);
  return rotaryTable(places.length, headWidth, (i, k) => {
    const place = places[i];
    if (!place) throw new Error(`There is no patch ${i} among ${places.length}.`);
    const along = k < speeds.length ? place.row : place.column;
    return along * entry(speeds, k % speeds.length, 'speeds');
  });
}
