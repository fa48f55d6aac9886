// Masks of shapes unpacked once: records are replaced and never changed, so what was unpacked stays right.
import { type Columns, columnsBox, toColumns, toMask } from '../../main/contract/columns.ts';
import { type PackedMask, packMask, type Shape, unpackMask } from '../../main/contract/project.ts';

const unpacked = new WeakMap<PackedMask, Columns>();

export function columnsOf(mask: PackedMask): Columns {
  const known = unpacked.get(mask);
  if (known) return known;
  const columns = toColumns(unpackMask(mask));
  unpacked.set(mask, columns);
  return columns;
}

/** The fields of a shape that has this mask; null for an empty one. */
export function extent(columns: Columns): Pick<Shape, 'mask' | 'box'> | null {
  const box = columnsBox(columns);
  if (box === null) return null;
  const mask = packMask(toMask(columns));
  unpacked.set(mask, columns);
  return { mask, box };
}
