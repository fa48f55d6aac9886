// Stores a mask in three columns of a row: height, width and COCO's compressed text; all null for none.
import type { PackedMask } from '../contract/project.ts';
import type { SqlValue } from './db.ts';
import { parsed } from './jsonColumns.ts';

interface MaskRow {
  height: number | null;
  width: number | null;
  counts: string | null;
}

const maskOf = ({ height, width, counts }: MaskRow): PackedMask | null =>
  height === null || width === null || counts === null ? null : { size: [height, width], counts };

/** The same with the corners that a person drew, as JSON. */
export interface CorneredRow extends MaskRow {
  rings: string | null;
}

export function corneredMaskOf(row: CorneredRow): PackedMask | null {
  const mask = maskOf(row);
  return mask && row.rings !== null ? { ...mask, rings: parsed(row.rings) as number[][] } : mask;
}

export const maskValues = (mask: PackedMask | null): SqlValue[] =>
  mask ? [...mask.size, mask.counts] : [null, null, null];
