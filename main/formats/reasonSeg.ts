// Reads one ReasonSeg file (a question and polygons): its image and the mask that answers the question.
import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Mask } from '../contract/records.ts';
import { difference, fromBitmap, maskArea, maskBox, union } from '../contract/rle.ts';
import { jsonFields } from './files/jsonStream.ts';
import { byteOrderMark } from './files/textFile.ts';
import type { ReadContext, Reading } from './reading/reading.ts';
import { pointsOf } from './reading/rings.ts';
import { attributesOf, isFields, ringOf, stemOf, textOf } from './reading/values.ts';

const LABEL = 'target';
/** Corners farther away lie in no picture. */
const FARTHEST = 1e6;

interface Shape {
  readonly label: string;
  /** Flat x1 y1 x2 y2 ... */
  readonly points: readonly number[];
}

/** Pixels that answer, and pixels that count neither way. */
export interface ReasonSegMasks {
  readonly target: Mask;
  readonly ignore: Mask;
}

export async function readReasonSeg(file: string, { pictures, notes }: ReadContext): Promise<Reading> {
  const fields = jsonFields(file);
  const name = stemOf(file);
  const shapes = (Array.isArray(fields.shapes) ? fields.shapes : []).flatMap((value: unknown, i): Shape[] => {
    const points = isFields(value) ? ringOf(value.points) : null;
    const label = isFields(value) ? textOf(value.label) : null;
    if (points !== null && points.length >= 6 && label !== null) return [{ label, points }];
    notes.leave(`shape ${i + 1} of ${name}`, 'it has no label or no polygon of at least three points');
    return [];
  });
  const picture = await pictures.find(name, file);
  if (picture === null) {
    if (shapes.length > 0)
      notes.leave(`${shapes.length} shapes of ${name}`, 'its picture was not found, and its size is not given');
    return { format: 'ReasonSeg', images: [{ name, width: null, height: null }], labels: [], shapes: [] };
  }
  const image = { name: picture.file, width: picture.width, height: picture.height, picture };
  const { target: mask, ignore } = reasonSegMasks(shapes, picture);
  if (maskArea(ignore) > 0) notes.leave(`the pixels of ${name} that are to be ignored`, 'a shape has no such pixels');
  if (maskArea(mask) === 0) return { format: 'ReasonSeg', images: [image], labels: [], shapes: [] };
  const caption = (Array.isArray(fields.text) ? fields.text : [fields.text]).flatMap((text) => textOf(text) ?? []);
  const attributes = attributesOf({ caption: caption.join('\n') });
  const shape = { image, label: LABEL, mask, box: maskBox(mask), crowd: false, attributes };
  return { format: 'ReasonSeg', images: [image], labels: [LABEL], shapes: [shape] };
}

/** A question with its polygons is a few thousand bytes. */
const MOST_BYTES = 2 ** 24;

/** Some of the published files are in Windows' Latin letters, which ReasonSeg's loader tries where a file is no UTF-8. */
export function reasonSegFields(file: string): Record<string, unknown> {
  const bytes = fewBytesOf(file);
  if (isUtf8(bytes) || byteOrderMark(bytes) !== null) return jsonFields(file);
  try {
    const fields: unknown = JSON.parse(new TextDecoder('windows-1252').decode(bytes));
    return isFields(fields) ? fields : {};
  } catch {
    // Neither: the reader of UTF-8 names the place.
    return jsonFields(file);
  }
}

export const isFlag = (label: string): boolean => label.toLowerCase().includes('flag');

/** None where it is no file, where it may not be read, or where it is no question: then the reader of JSON says which. */
function fewBytesOf(file: string): Uint8Array {
  try {
    return statSync(file).size <= MOST_BYTES ? readFileSync(file) : new Uint8Array(0);
  } catch {
    return new Uint8Array(0);
  }
}

/** Paints as ReasonSeg's loader does: "flag" is passed over, the largest first, "ignore" over and under others alike. */
export function reasonSegMasks(shapes: readonly Shape[], { width, height }: Frame): ReasonSegMasks {
  const nothing: Mask = { size: [height, width], counts: [height * width] };
  const painted = shapes
    .filter(({ label }) => !isFlag(label))
    .map(({ label, points }) => ({
      ignored: label.toLowerCase().includes('ignore'),
      mask: withOutline(points, { width, height }),
    }))
    .toSorted((a, b) => maskArea(b.mask) - maskArea(a.mask));
  return painted.reduce(
    ({ target, ignore }, { ignored, mask }) =>
      ignored
        ? { target: difference(target, mask), ignore: union(ignore, mask) }
        : { target: union(target, mask), ignore: difference(ignore, mask) },
    { target: nothing, ignore: nothing },
  );
}

/** Corners cut to whole pixels; the outline is drawn, then each row is filled between the sides that it crosses. */
function withOutline(points: readonly number[], { width, height }: Frame): Mask {
  const whole = points.map(Math.trunc);
  if (whole.some((value) => Math.abs(value) > FARTHEST)) throw new BadInput('a polygon is far larger than any picture');
  const corners = pointsOf(whole);
  const bitmap = new Uint8Array(width * height);
  const crossings: number[][] = Array.from({ length: height }, () => []);
  let before = corners.at(-1);
  for (const to of corners) {
    const from = before ?? to;
    before = to;
    const seen = clipped(from.x <= to.x ? [from, to] : [to, from], { width, height });
    if (seen !== null) drawLine(seen, (x, y) => bitmap.fill(1, y * width + x, y * width + x + 1));
    const [top, foot] = from.y <= to.y ? [from, to] : [to, from];
    for (let y = Math.max(0, top.y); y < Math.min(height, foot.y); y++) {
      crossings[y]?.push(top.x + ((y - top.y) * (foot.x - top.x)) / (foot.y - top.y));
    }
  }
  for (const [y, xs] of crossings.entries()) {
    // Two by two: into the polygon and out of it again.
    for (const { x: into, y: out } of pointsOf(xs.toSorted((a, b) => a - b))) {
      const first = Math.max(0, Math.ceil(into));
      const last = Math.min(width - 1, Math.floor(out));
      if (last >= first) bitmap.fill(1, y * width + first, y * width + last + 1);
    }
  }
  return fromBitmap(bitmap, width, height);
}

interface Place {
  readonly x: number;
  readonly y: number;
}

type Line = readonly [Place, Place];

/** The part inside the picture, its ends cut to whole pixels as OpenCV's clipLine cuts them; null where none is. */
function clipped([from, to]: Line, { width, height }: Frame): Line | null {
  const byRows = cut(from, to, height - 1);
  if (byRows === null) return null;
  const [first, last] = byRows.map(turned);
  const byColumns = first && last && cut(first, last, width - 1);
  if (!byColumns) return null;
  const [start, end] = byColumns.map(turned);
  return start && end ? [start, end] : null;
}

const turned = ({ x, y }: Place): Place => ({ x: y, y: x });

/** The part with y from 0 to `most`. */
function cut(from: Place, to: Place, most: number): Line | null {
  if (Math.max(from.y, to.y) < 0 || Math.min(from.y, to.y) > most) return null;
  const at = (place: Place, other: Place): Place => {
    const y = Math.min(most, Math.max(0, place.y));
    return y === place.y
      ? place
      : { x: place.x + Math.trunc(((y - place.y) * (other.x - place.x)) / (other.y - place.y)), y };
  };
  const start = at(from, to);
  return [start, at(to, start)];
}

/** Bresenham's line from left to right; where two pixels are equally near, the one nearer to the start's row. */
function drawLine([from, to]: Line, mark: (x: number, y: number) => void): void {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const steps = Math.max(dx, Math.abs(dy));
  const steep = Math.abs(dy) > dx;
  for (let step = 0; step <= steps; step++) {
    const aside = Math.ceil((step * (steep ? dx : Math.abs(dy))) / Math.max(1, steps) - 0.5);
    if (steep) mark(from.x + aside, from.y + step * Math.sign(dy));
    else mark(from.x + step, from.y + aside * Math.sign(dy));
  }
}
