// One ReasonSeg file (a question and polygons) to its image and the mask that answers the question.
import { BadInput } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import type { Mask } from '../contract/records.ts';
import { difference, fromBitmap, maskArea, maskBox, union } from '../contract/rle.ts';
import { jsonFields } from './jsonStream.ts';
import type { ReadContext, Reading } from './reading.ts';
import { attributesOf, isFields, ringOf, stemOf, textOf } from './values.ts';

const LABEL = 'target';

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
  const picture = await pictures.find(name);
  if (picture === null) {
    if (shapes.length > 0) notes.leave(`${shapes.length} shapes of ${name}`, 'its picture was not found, and its size is not given');
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

/** As its loader paints: "flag" is passed over, the largest first, "ignore" over and under others alike. */
export function reasonSegMasks(shapes: readonly Shape[], { width, height }: Frame): ReasonSegMasks {
  const nothing: Mask = { size: [height, width], counts: [height * width] };
  const painted = shapes
    .filter(({ label }) => !label.toLowerCase().includes('flag'))
    .map(({ label, points }) => ({ ignored: label.toLowerCase().includes('ignore'), mask: withOutline(points, { width, height }) }))
    .toSorted((a, b) => maskArea(b.mask) - maskArea(a.mask));
  return painted.reduce(
    ({ target, ignore }, { ignored, mask }) =>
      ignored
        ? { target: difference(target, mask), ignore: union(ignore, mask) }
        : { target: union(target, mask), ignore: difference(ignore, mask) },
    { target: nothing, ignore: nothing },
  );
}

/** Corners cut to whole pixels; the pixels that the outline passes through belong to the shape. */
function withOutline(points: readonly number[], { width, height }: Frame): Mask {
  const corners = points.map(Math.trunc);
  const bitmap = new Uint8Array(width * height);
  for (let i = 0; i < corners.length; i += 2) {
    const [x, y] = [corners[i] ?? 0, corners[i + 1] ?? 0];
    const [toX, toY] = [corners[(i + 2) % corners.length] ?? 0, corners[(i + 3) % corners.length] ?? 0];
    const steps = Math.max(Math.abs(toX - x), Math.abs(toY - y), 1);
    if (steps > 1e6) throw new BadInput('a polygon is far larger than any picture');
    for (let step = 0; step <= steps; step++) {
      const [atX, atY] = [Math.round(x + ((toX - x) * step) / steps), Math.round(y + ((toY - y) * step) / steps)];
      if (atX >= 0 && atX < width && atY >= 0 && atY < height) bitmap[atY * width + atX] = 1;
    }
  }
  // Whole numbers name the middles of pixels here.
  return union(fromBitmap(bitmap, width, height), fromPolygon(corners.map((value) => value + 0.5), width, height));
}
