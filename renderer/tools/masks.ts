// Unpacks masks of shapes once: records are replaced and never changed, so what was unpacked stays right.
import { type Columns, columnsBox, toColumns, toMask } from '../../main/contract/maskColumns.ts';
import { type PackedMask, packMask, type Shape, unpackMask } from '../../main/contract/project.ts';
import { ownCorners, rememberCorners } from './corners.ts';

const unpacked = new WeakMap<PackedMask, Columns>();

export function columnsOf(mask: PackedMask): Columns {
  const known = unpacked.get(mask);
  if (known) return known;
  const columns = toColumns(unpackMask(mask));
  if (mask.rings) rememberCorners(columns, mask.rings);
  unpacked.set(mask, columns);
  return columns;
}

/** Rounded to a thousandth of a pixel: nobody places a corner more exactly. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** The fields of a shape that has this mask; null for an empty one. */
export function extent(columns: Columns): Pick<Shape, 'mask' | 'box'> | null {
  const box = columnsBox(columns);
  if (box === null) return null;
  const rings = ownCorners(columns)?.map((ring) => ring.map(rounded));
  const mask = { ...packMask(toMask(columns)), ...(rings && { rings }) };
  unpacked.set(mask, columns);
  return { mask, box };
}
