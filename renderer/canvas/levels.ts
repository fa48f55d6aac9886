// Chooses the tiles of the level that show a part of an image: level 0 is the image itself, each level above halves it.
import { type Tile, tileSide } from '../../main/contract/addresses.ts';
import type { Size } from '../../main/contract/maskColumns.ts';
import type { Box } from '../../main/contract/records.ts';

/** The level at which the whole image is one tile. */
export const topLevel = ({ width, height }: Size): number =>
  Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / tileSide)));

/** The coarsest level that is no coarser than the screen's pixels; `scale`: device pixels per image pixel. */
export const levelFor = (scale: number, size: Size): number =>
  Math.min(topLevel(size), Math.max(0, Math.floor(Math.log2(1 / scale) + 1e-6)));

export const tileKey = ({ level, column, row }: Tile): string => `${level}/${column}/${row}`;

/** Image pixels that a tile shows. */
export function tileBox({ level, column, row }: Tile, { width, height }: Size): Box {
  const side = tileSide * 2 ** level;
  return {
    x1: column * side,
    y1: row * side,
    x2: Math.min(width, (column + 1) * side),
    y2: Math.min(height, (row + 1) * side),
  };
}

/** Tiles of a level that touch the box, row by row. */
export function tilesIn(box: Box, level: number, { width, height }: Size): Tile[] {
  const side = tileSide * 2 ** level;
  const last = (end: number, whole: number) => Math.ceil(Math.min(end, whole) / side);
  const tiles: Tile[] = [];
  for (let row = Math.max(0, Math.floor(box.y1 / side)); row < last(box.y2, height); row++) {
    for (let column = Math.max(0, Math.floor(box.x1 / side)); column < last(box.x2, width); column++) {
      tiles.push({ level, column, row });
    }
  }
  return tiles;
}

export const parentOf = ({ level, column, row }: Tile): Tile => ({
  level: level + 1,
  column: column >> 1,
  row: row >> 1,
});

/** The four of the level below, those outside the image too. */
export const childrenOf = ({ level, column, row }: Tile): Tile[] =>
  [0, 1].flatMap((down) =>
    [0, 1].map((right) => ({ level: level - 1, column: 2 * column + right, row: 2 * row + down })),
  );
