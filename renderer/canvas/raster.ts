// Fills the pixels of a region with shapes: every mask filled, its outermost pixels stronger, higher ones on top.
import { type Columns, columnsBox, type Region, regionBitmap } from '../../main/contract/maskColumns.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { columnsOf } from '../tools/masks.ts';
import { around } from '../tools/place.ts';
import type { Stroke } from '../tools/tool.ts';

/** Pixels of ImageData, each as one number. */
export interface Paint {
  readonly fill: number;
  readonly edge: number;
}

export interface Painting {
  /** From the lowest to the topmost. */
  readonly shapes: readonly Shape[];
  readonly paintOf: (shape: Shape) => Paint;
  /** Being painted by a person; `fresh` is how one looks that has no shape yet. */
  readonly stroke: Stroke | null;
  readonly fresh: Paint;
}

/** region.width * region.height pixels from the top, 0 where there is no shape. */
export function rasterised({ shapes, paintOf, stroke, fresh }: Painting, region: Region, into?: Uint32Array) {
  const pixels = into ?? new Uint32Array(region.width * region.height);
  for (const shape of shapes) {
    const painted = stroke?.shapeId === shape.id ? stroke : null;
    const base = shape.mask && columnsOf(shape.mask);
    if (base || painted)
      paintMask({ base, box: base && shape.box, stroke: painted, paint: paintOf(shape) }, region, pixels);
    else paintBox(shape.box, paintOf(shape), region, pixels);
  }
  if (stroke?.adds && stroke.shapeId === null)
    paintMask({ base: null, box: null, stroke, paint: fresh }, region, pixels);
  return pixels;
}

interface MaskPainting {
  readonly base: Columns | null;
  /** Tight around base. */
  readonly box: Box | null;
  readonly stroke: Stroke | null;
  readonly paint: Paint;
}

/** One buffer for all bitmaps of single shapes: it only grows. */
let room = new Uint8Array(0);

function cleared(length: number): Uint8Array {
  if (room.length < length) room = new Uint8Array(length * 2);
  return room.subarray(0, length).fill(0);
}

function paintMask({ base, box: own, stroke, paint }: MaskPainting, region: Region, pixels: Uint32Array): void {
  const box = around(own, stroke?.adds ? columnsBox(stroke.area) : null);
  const part = box && partOf(box, region);
  if (box === null || part === null) return;
  const bitmap = cleared(part.width * part.height);
  if (base) regionBitmap(base, part, bitmap);
  if (stroke?.adds) regionBitmap(stroke.area, part, bitmap);
  else if (stroke) erase(bitmap, regionBitmap(stroke.area, part));
  if (isThin(box, region.step)) markCentre(box, part, bitmap);
  fillPixels(bitmap, part, { paint, region, pixels });
}

const erase = (bitmap: Uint8Array, gone: Uint8Array): void =>
  gone.forEach((inside, i) => {
    if (inside === 1) bitmap[i] = 0;
  });

/** Samples that may show the box, with one more on every side to tell edges by; null where the region has none. */
function partOf({ x1, y1, x2, y2 }: Box, { x, y, width, height, step }: Region): Region | null {
  const left = Math.max(0, Math.floor((x1 - x) / step)) - 1;
  const top = Math.max(0, Math.floor((y1 - y) / step)) - 1;
  const right = Math.min(width, Math.ceil((x2 - x) / step)) + 1;
  const bottom = Math.min(height, Math.ceil((y2 - y) / step)) + 1;
  if (right - left < 3 || bottom - top < 3) return null;
  return { x: x + left * step, y: y + top * step, width: right - left, height: bottom - top, step };
}

/** Smaller than a sample's square: no sample need hit it, but a person wants to see it. */
const isThin = (box: Box, step: number): boolean => step > 1 && (box.x2 - box.x1 < step || box.y2 - box.y1 < step);

function markCentre(box: Box, { x, y, width, height, step }: Region, bitmap: Uint8Array): void {
  const column = Math.floor(((box.x1 + box.x2) / 2 - x) / step);
  const row = Math.floor(((box.y1 + box.y2) / 2 - y) / step);
  if (column >= 0 && row >= 0 && column < width && row < height) bitmap[row * width + column] = 1;
}

interface Target {
  readonly paint: Paint;
  readonly region: Region;
  readonly pixels: Uint32Array;
}

function fillPixels(bitmap: Uint8Array, part: Region, { paint, region, pixels }: Target): void {
  const { width, height, step } = part;
  const [left, top] = [(part.x - region.x) / step, (part.y - region.y) / step];
  for (let row = 1; row < height - 1; row++) {
    let to = (top + row) * region.width + left + 1;
    for (let at = row * width + 1, end = (row + 1) * width - 1; at < end; at++, to++) {
      if (bitmap[at] !== 1) continue;
      const inner =
        bitmap[at - 1] === 1 && bitmap[at + 1] === 1 && bitmap[at - width] === 1 && bitmap[at + width] === 1;
      pixels[to] = inner ? paint.fill : paint.edge;
    }
  }
}

/** The sides of a box without a mask, one sample wide. */
function paintBox(box: Box, { edge }: Paint, region: Region, pixels: Uint32Array): void {
  const { x, y, width, height, step } = region;
  const [left, right] = [Math.floor((box.x1 - x) / step), Math.max(Math.ceil((box.x2 - x) / step) - 1, 0)];
  const [top, bottom] = [Math.floor((box.y1 - y) / step), Math.max(Math.ceil((box.y2 - y) / step) - 1, 0)];
  const mark = (column: number, row: number) => {
    if (column >= 0 && row >= 0 && column < width && row < height) pixels[row * width + column] = edge;
  };
  for (let column = Math.max(0, left); column <= Math.min(width - 1, right); column++) {
    mark(column, top);
    mark(column, bottom);
  }
  for (let row = Math.max(0, top); row <= Math.min(height - 1, bottom); row++) {
    mark(left, row);
    mark(right, row);
  }
}
