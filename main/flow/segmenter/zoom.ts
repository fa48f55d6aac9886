// Chooses the part of the picture that the segmenter should look at, and moves what is asked into that part's pixels.

import type { Fed } from '../../../models/graph/value.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { Box, Mask, Point } from '../../contract/records.ts';
import { fromBitmap, maskArea, maskBox, toBitmap } from '../../contract/rle.ts';
import { placeAround } from '../../pictures/crop.ts';
import type { Grid, PicturePart } from '../../pictures/enlarge.ts';

/** What the segmenter is asked with, in image pixels; `token` [1, 1, width] comes from the context module. */
export interface SegmenterPrompt {
  box?: Box;
  points?: readonly Point[];
  rough?: Mask;
  token?: Fed;
}

/** Logits over a part of a picture, above 0 inside, and the IoU that the segmenter believes them to have. */
export interface FoundLogits {
  readonly values: Grid;
  readonly place: PicturePart;
  readonly quality: number;
}

export const isClicked = ({ points = [] }: SegmenterPrompt): boolean => points.length > 0;

/** The box around what is pointed at: box, rough mask and clicks on the thing; null where clicks alone, or nothing, say where it is. */
export function focusOf(ask: SegmenterPrompt): Box | null {
  const { box, rough } = ask;
  const roughBox = rough && maskArea(rough) > 0 ? maskBox(rough) : null;
  return box || roughBox ? boxAround([box ?? null, roughBox, ...clickBoxes(ask)]) : null;
}

/** Makes a box of no size of each click on the thing. */
export const clickBoxes = ({ points = [] }: SegmenterPrompt): Box[] =>
  points.filter(({ sign }) => sign === '+').map(({ x, y }) => ({ x1: x, y1: y, x2: x, y2: y }));

/** The box around all boxes that are not null. */
export function boxAround(boxes: readonly (Box | null)[]): Box | null {
  return boxes.reduce<Box | null>((all, box) => {
    if (!all || !box) return all ?? box;
    return {
      x1: Math.min(all.x1, box.x1),
      y1: Math.min(all.y1, box.y1),
      x2: Math.max(all.x2, box.x2),
      y2: Math.max(all.y2, box.y2),
    };
  }, null);
}

/** Parts around the clicks, in shares of the picture's longer side; no smaller than that all clicks on the thing are well inside. */
export function clickPlaces(ask: SegmenterPrompt, picture: Frame, shares: readonly number[]): PicturePart[] {
  const around =
    boxAround(clickBoxes(ask)) ?? boxAround((ask.points ?? []).map(({ x, y }) => ({ x1: x, y1: y, x2: x, y2: y })));
  const { x1, y1, x2, y2 } = around ?? { x1: 0, y1: 0, x2: picture.width, y2: picture.height };
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const places = shares.map((share) => {
    const least = 1.3 * Math.max(x2 - x1, y2 - y1);
    const half = Math.max(share * Math.max(picture.width, picture.height), least) / 2;
    return placeAround({ x1: x - half, y1: y - half, x2: x + half, y2: y + half }, picture, 1);
  });
  return places.filter((place, i) => places.findIndex((other) => isSame(place, other)) === i);
}

const isSame = (a: PicturePart, b: PicturePart): boolean =>
  a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

/** The share of the clicks that agree with the mask. */
export function agreement({ values, place }: FoundLogits, { points = [] }: SegmenterPrompt): number {
  const obeyed = points.filter(({ x, y, sign }) => {
    const column = Math.floor(((x - place.x) / place.width) * values.width);
    const row = Math.floor(((y - place.y) / place.height) * values.height);
    const isWithin = column >= 0 && row >= 0 && column < values.width && row < values.height;
    const isInside = isWithin && (values.data[row * values.width + column] ?? 0) > 0;
    return isInside === (sign === '+');
  });
  return obeyed.length / Math.max(1, points.length);
}

/** The box of the cells that are inside, in image pixels; null where none is. */
export function foundBox({ values, place }: FoundLogits): Box | null {
  const { width, height, data } = values;
  let [left, top, right, bottom] = [width, height, -1, -1];
  data.forEach((value, i) => {
    if (value <= 0) return;
    const [column, row] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  });
  if (right < 0) return null;
  const [across, down] = [place.width / width, place.height / height];
  return {
    x1: place.x + left * across,
    y1: place.y + top * down,
    x2: place.x + (right + 1) * across,
    y2: place.y + (bottom + 1) * down,
  };
}

/** Samples a side of each cell. */
const samples = 3;

/** The share of each cell of another place, side * side, that is inside what was found. */
export function sharesIn({ values, place }: FoundLogits, other: PicturePart, side: number): Float32Array<ArrayBuffer> {
  const column = (u: number) =>
    cellOf(other.x + u * other.width, { from: place.x, length: place.width, cells: values.width });
  const row = (v: number) =>
    cellOf(other.y + v * other.height, { from: place.y, length: place.height, cells: values.height });
  const steps = Array.from({ length: side * samples }, (_, i) => (i + 0.5) / (side * samples));
  const [columns, rows] = [steps.map(column), steps.map(row)];
  const shares = new Float32Array(side * side);
  rows.forEach((r, i) => {
    columns.forEach((c, j) => {
      if (r < 0 || c < 0 || (values.data[r * values.width + c] ?? 0) <= 0) return;
      const to = Math.floor(i / samples) * side + Math.floor(j / samples);
      shares[to] = (shares[to] ?? 0) + 1 / samples ** 2;
    });
  });
  return shares;
}

/** -1 outside. */
function cellOf(at: number, { from, length, cells }: { from: number; length: number; cells: number }): number {
  const cell = Math.floor(((at - from) / length) * cells);
  return cell >= 0 && cell < cells ? cell : -1;
}

/** Clicks that lie outside, all of them off the thing, say nothing there. */
export function withinPlace(
  { box, points = [], rough, token }: SegmenterPrompt,
  { x, y, width, height }: PicturePart,
): SegmenterPrompt {
  const moved = points.map((point) => ({ ...point, x: point.x - x, y: point.y - y }));
  return {
    ...(box && { box: { x1: box.x1 - x, y1: box.y1 - y, x2: box.x2 - x, y2: box.y2 - y } }),
    points: moved.filter((point) => point.x >= 0 && point.y >= 0 && point.x <= width && point.y <= height),
    ...(rough && { rough: partOf(rough, { x, y, width, height }) }),
    ...(token && { token }),
  };
}

function partOf(mask: Mask, { x, y, width, height }: PicturePart): Mask {
  const across = mask.size[1];
  if (width === across && height === mask.size[0]) return mask;
  const bitmap = toBitmap(mask);
  const part = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * across + x;
    part.set(bitmap.subarray(from, from + width), row * width);
  }
  return fromBitmap(part, width, height);
}
