// Reads one LabelMe or X-AnyLabeling file; parts that share a label and a group are one object.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Mask } from '../contract/records.ts';
import { checkSize, fromBitmap, maskBox, union } from '../contract/rle.ts';
import { jsonFields } from './files/jsonStream.ts';
import { decodePng } from './files/png.ts';
import { mergeAttributes, mergeFields, readAttributes } from './reading/attributes.ts';
import type { Notes, ReadContext, Reading, ReadShape, SizedImage } from './reading/reading.ts';
import { type BoxedMask, ellipseRing, maskOfRing, placedMask } from './reading/rings.ts';
import {
  boxOf,
  type Fields,
  isFields,
  labelOf,
  ringOf,
  sideOf,
  slashed,
  textOf,
  wholeOf,
  yesOf,
} from './reading/values.ts';

/** Labels that say "not this". */
const NO_LABELS = new Set(['__ignore__', '_background_', '__background__']);
/** Numbers that a kind of shape needs at least. Turned boxes are given by their corners. */
const ENOUGH = new Map(
  Object.entries({
    polygon: 6,
    rectangle: 4,
    circle: 4,
    mask: 4,
    rotation: 6,
    quadrilateral: 6,
    oriented_rectangle: 6,
  }),
);
/** Keys of a shape that are read, or that say how a window painted it. */
const PLACED = new Set('label points shape_type mask flags attributes line_color fill_color'.split(' '));
/** Keys of a file that are read, or that say nothing of its picture. */
const READ = new Set('version shapes imagePath imageData imageHeight imageWidth lineColor fillColor'.split(' '));

export async function readLabelme(file: string, { pictures, notes }: ReadContext): Promise<Reading> {
  // imageData holds the picture itself, which is not needed here.
  const fields = jsonFields(file, (key) => key === 'imageData');
  const name = slashed(textOf(fields.imagePath) ?? path.basename(file).replace(/\.json$/iu, ''));
  const [width, height] = [sideOf(fields.imageWidth), sideOf(fields.imageHeight)];
  const known = width !== null && height !== null;
  const picture = known ? null : await pictures.find(name, file);
  const sized = known
    ? { name, width, height }
    : picture && { name, width: picture.width, height: picture.height, picture };
  const shapes = Array.isArray(fields.shapes) ? fields.shapes : [];
  if (sized === null) notes.leave(`${shapes.length} shapes of ${name}`, 'its size is not given and it was not found');
  const taken = sized === null ? [] : grouped(shapes, sized, notes);
  sayOfImage(fields, notes);
  const images = [sized ?? { name, width: null, height: null }];
  return { format: 'LabelMe', images, labels: [...new Set(taken.map(({ label }) => label))], shapes: taken };
}

/** One sentence for all files that say the same kind of thing. */
function sayOfImage(fields: Fields, notes: Notes): void {
  const given = isFields(fields.flags) ? Object.entries(fields.flags) : [];
  const flags = given.flatMap(([name, value]) => (yesOf(value) ? [name] : []));
  const keys = Object.keys(readAttributes(fields, { what: 'the image', notes })).filter(
    (key) => !READ.has(key) && key !== 'flags',
  );
  const said = [...flags.map((name) => `flag "${name}"`), ...keys.map((key) => `"${key}"`)];
  for (const what of said) notes.say(`${what} is said of a whole image, and is not read`);
}

function grouped(shapes: readonly unknown[], image: SizedImage, notes: Notes): ReadShape[] {
  const found = new Map<string, ReadShape>();
  for (const [i, value] of shapes.entries()) {
    try {
      const what = `shape ${i + 1} of ${image.name}`;
      const { key, shape } = single(value, image, { what, notes });
      const earlier = key === null ? undefined : found.get(key);
      found.set(key ?? `${i}`, earlier ? joined(earlier, shape, { what, notes }) : shape);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(`shape ${i + 1} of ${image.name}`, error.message);
    }
  }
  return [...found.values()];
}

/** `key` is the same for parts of one object; null for an object of one part. */
function single(value: unknown, image: SizedImage, of: Of): { key: string | null; shape: ReadShape } {
  if (!isFields(value)) throw new BadInput('it is no object');
  const label = labelOf(value.label);
  if (label === null) throw new BadInput('it has no label');
  if (NO_LABELS.has(label.trim())) throw new BadInput(`it is labelled ${label}`);
  const { mask, box } = drawn(value, image);
  const group = wholeOf(value.group_id);
  const key = group === null || mask === null ? null : JSON.stringify([label, group]);
  return { key, shape: { image, label, mask, box, crowd: false, attributes: readAttributes(ownFields(value), of) } };
}

interface Of {
  readonly what: string;
  readonly notes: Notes;
}

/** LabelMe's own keys, its flags, X-AnyLabeling's attributes and whatever else a tool put there. */
function ownFields(value: Fields): Fields {
  const own = Object.fromEntries(Object.entries(value).filter(([key]) => !PLACED.has(key)));
  const difficult = yesOf(value.difficult) ? true : undefined;
  const [flags, attributes] = [value.flags, value.attributes].map((each) => (isFields(each) ? each : {}));
  const others = isFields(value.attributes) ? {} : { attributes: value.attributes };
  return mergeFields(
    ['shape', { ...own, ...others, difficult }],
    ['attributes', attributes ?? {}],
    ['flags', flags ?? {}],
  );
}

function joined(a: ReadShape, b: ReadShape, of: Of): ReadShape {
  const mask = a.mask && b.mask ? union(a.mask, b.mask) : a.mask;
  return { ...a, mask, box: mask ? maskBox(mask) : a.box, attributes: mergeAttributes(a.attributes, b.attributes, of) };
}

function drawn(fields: Fields, frame: Frame): BoxedMask {
  const type = textOf(fields.shape_type) ?? 'polygon';
  const points = ringOf(fields.points);
  const least = ENOUGH.get(type);
  if (least === undefined) throw new BadInput(`a ${type} has no area`);
  if (points === null || points.length < least) throw new BadInput(`its ${type} has too few points`);
  const corners = type === 'rectangle' ? cornersOf(points) : null;
  if (corners !== null) {
    const box = boxOf(corners, frame);
    if (box === null) throw new BadInput('its rectangle is empty or lies outside the picture');
    return { mask: null, box };
  }
  return type === 'mask' ? placedMask(pasted(fields.mask, points, frame)) : maskOfRing(ringFor(type, points), frame);
}

/** LabelMe gives two corners, X-AnyLabeling all four. Null where they stand askew: such a rectangle is a polygon. */
function cornersOf(points: readonly number[]): number[] | null {
  const [xs, ys] = [points.filter((_, i) => i % 2 === 0), points.filter((_, i) => i % 2 === 1)];
  const found = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const isCorner = points.every((at, i) => [found[i % 2], found[(i % 2) + 2]].some((edge) => near(at, edge)));
  return points.length === 4 || isCorner ? found : null;
}

const near = (a: number, b = Number.NaN): boolean => Math.abs(a - b) < 0.01;

/** A circle is given by its centre and a point on it. */
function ringFor(type: string, points: number[]): number[] {
  if (type !== 'circle') return points;
  const [x = 0, y = 0, atX = 0, atY = 0] = points;
  return ellipseRing({ x, y }, Math.hypot(atX - x, atY - y));
}

/** A base64 PNG whose first pixel lies at the first point. */
function pasted(encoded: unknown, [left = 0, top = 0]: readonly number[], { width, height }: Frame): Mask {
  if (typeof encoded !== 'string') throw new BadInput('its mask is missing');
  const png = decodePng(Buffer.from(encoded, 'base64'), 'its mask');
  checkSize(height, width);
  const bitmap = new Uint8Array(width * height);
  for (let y = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      const [toX, toY] = [x + Math.round(left), y + Math.round(top)];
      const inside = toX >= 0 && toX < width && toY >= 0 && toY < height;
      if (inside && (png.values[y * png.width + x] ?? 0) !== 0) bitmap[toY * width + toX] = 1;
    }
  }
  return fromBitmap(bitmap, width, height);
}
