// Writes a record of a COCO file from its old text and what is to stand in it: the same text where nothing differs.
import { same } from '../../contract/equal.ts';
import { type PackedMask, unpackMask } from '../../contract/project.ts';
import type { Box } from '../../contract/records.ts';
import { maskArea, maskBox } from '../../contract/rle.ts';
import { attributesOf, type Fields, isFields, numberOf, numbersOf } from '../reading/values.ts';

/** An annotation as its file had it, and what of the shape is still as it was taken from there. */
export interface FileRecord {
  readonly text: string;
  /** Mask, box and crowd. */
  readonly geometry: boolean;
  /** Attributes and whatever else is said of it. */
  readonly said: boolean;
}

/** What was stored is an object: readers take nothing else. */
export function fieldsOf(text: string): Fields {
  const value: unknown = JSON.parse(text);
  return isFields(value) ? value : {};
}

/** The text with these values in it; not another letter changes where it has them already. */
export function patched(text: string, wanted: Fields): string {
  const fields = fieldsOf(text);
  const isThere = Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(fields, key) && same(fields[key], value),
  );
  return isThere ? text : JSON.stringify({ ...fields, ...wanted });
}

/** Tells shapes' boxes to the millionth of a pixel: sums of decimal fractions are off by less. */
export const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** x, y, width, height. */
export const bboxOfBox = ({ x1, y1, x2, y2 }: Box): [number, number, number, number] => [
  rounded(x1),
  rounded(y1),
  rounded(x2 - x1),
  rounded(y2 - y1),
];

interface Placed {
  readonly mask: PackedMask | null;
  readonly box: Box;
  readonly crowd: boolean;
}

/** The keys without which pycocotools reads no file, where the record lacks them. */
export function completed({ area, bbox, iscrowd }: Fields, { mask, box, crowd }: Placed): Fields {
  const [width, height] = [box.x2 - box.x1, box.y2 - box.y1];
  const found: Record<string, unknown> = {};
  if (numberOf(area) === null) found.area = mask ? maskArea(unpackMask(mask)) : rounded(width * height);
  if (numbersOf(bbox, 4) === null) found.bbox = bboxOfBox(mask ? maskBox(unpackMask(mask)) : box);
  if (iscrowd !== 0 && iscrowd !== 1 && typeof iscrowd !== 'boolean') found.iscrowd = crowd ? 1 : 0;
  return found;
}

const GEOMETRY = new Set(['segmentation', 'area', 'bbox', 'iscrowd', 'box_only', 'polygon_iou']);

export const withoutGeometry = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !GEOMETRY.has(key)));

const SAID = ['score', 'caption', 'reasoning', 'weights'];

/** What is said of the shape now, and beside it what an annotation may hold and a shape cannot: lists and nested values. */
export function withExtra(fields: Fields, extra: Fields): Fields {
  const taken = attributesOf(Object.fromEntries(SAID.map((key) => [key, fields[key]])));
  const rest = Object.fromEntries(Object.entries(fields).filter(([key]) => !Object.hasOwn(taken, key)));
  const { attributes: own, ...others } = extra;
  const before = isFields(fields.attributes) ? fields.attributes : {};
  const shown = attributesOf(before);
  const nested = Object.entries(before).filter(([name]) => !Object.hasOwn(shown, name));
  const attributes = Object.fromEntries([...nested, ...Object.entries(isFields(own) ? own : {})]);
  const isNeeded = isFields(fields.attributes) || Object.keys(attributes).length > 0;
  return { ...rest, ...others, ...(isNeeded && { attributes }) };
}
