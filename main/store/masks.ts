// A mask as three columns of a row: height, width and COCO's compressed text; all null for none.
import type { PackedMask } from '../contract/project.ts';
import type { Value } from './db.ts';

export interface MaskRow {
  height: number | null;
  width: number | null;
  counts: string | null;
}

export const maskOf = ({ height, width, counts }: MaskRow): PackedMask | null =>
  height === null || width === null || counts === null ? null : { size: [height, width], counts };

export const maskValues = (mask: PackedMask | null): Value[] =>
  mask ? [...mask.size, mask.counts] : [null, null, null];
