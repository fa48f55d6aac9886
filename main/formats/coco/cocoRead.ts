// Reads a COCO file of any tool and size: images, labels and shapes, with a reason for everything that is left out.
import { BadInput } from '../../contract/badInput.ts';
import { parseRle } from '../../contract/cocoMask.ts';
import { boxIou, type Frame } from '../../contract/geometry.ts';
import { fromPolygon } from '../../contract/polygon.ts';
import type { AttributeValue } from '../../contract/project.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { maskArea, maskBox, union } from '../../contract/rle.ts';
import { type JsonPiece, jsonPieces } from '../files/jsonStream.ts';
import type { ReadContext, Reading, ReadShape, SizedImage } from '../reading/reading.ts';
import {
  attributesOf,
  boxOf,
  type Fields,
  isFields,
  numbersOf,
  numericOf,
  ringOf,
  wholeOf,
  yesOf,
} from '../reading/values.ts';
import { type CocoHeader, cocoHeader, compact, keptNumber } from './cocoHeader.ts';
import { lostParts } from './cocoRules.ts';

const TEXTS = ['caption', 'reasoning', 'weights'];
/** A ring is looked for inside others only where there are few. */
const MOST_NESTED = 20;
/** What sums of decimal fractions are off by. */
const ROUNDED = 1e-6;
/** The file is read twice: images and categories may stand behind the annotations. */
export async function readCoco(file: string, context: ReadContext): Promise<Reading> {
  const header = await cocoHeader(file, context);
  return {
    format: 'COCO',
    images: [...header.images.values()],
    labels: [...new Set(header.labels.values())],
    shapes: shapesOf(file, header, context),
    source: { head: header.head, categories: header.categories },
  };
}

function* shapesOf(file: string, header: CocoHeader, { notes }: ReadContext): Generator<ReadShape> {
  const reader = new AnnotationReader(header, notes);
  for (const piece of jsonPieces(file, (key) => key === 'annotations', 'null')) {
    const shape = reader.read(piece);
    if (shape !== null) yield shape;
  }
  reader.finish();
}

class AnnotationReader {
  readonly #header: CocoHeader;
  readonly #notes: ReadContext['notes'];
  readonly #seen = new Set<number>();
  readonly #beside = new Map<string, number>();
  #count = 0;
  /** Whether mask and box of the one that is read are as they stand in the file. */
  #whole = true;

  constructor(header: CocoHeader, notes: ReadContext['notes']) {
    this.#header = header;
    this.#notes = notes;
  }

  /** Null where it was left out. */
  read({ value, text, mended = false }: JsonPiece): ReadShape | null {
    this.#count++;
    this.#whole = true;
    const id = isFields(value) ? wholeOf(value.id) : null;
    const what = id === null ? `annotation at place ${this.#count}` : `annotation ${id}`;
    try {
      if (!isFields(value)) throw new BadInput('it is no object');
      if (mended) this.#notes.say(`${what}: NaN or Infinity stands in it, which is no number; it was read as nothing`);
      const twice = id !== null && this.#seen.has(id);
      if (twice) this.#notes.say(`${what} is there more than once; each got an id of its own`);
      if (id !== null) this.#seen.add(id);
      const shape = this.#shape(value, what);
      const position = this.#count - 1;
      const category = wholeOf(value.category_id);
      const number = twice ? null : keptNumber(id);
      return { ...shape, source: { number, position, category, record: compact(text), whole: this.#whole } };
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      this.#notes.leave(what, error.message);
      return null;
    }
  }

  /** Says what goes with the shapes and cannot be changed here. */
  finish(): void {
    for (const [key, count] of this.#beside)
      this.#notes.say(
        `"${key}" of ${count === 1 ? '1 annotation is' : `${count} annotations is`} kept and exported again as it is`,
      );
  }

  #shape(fields: Fields, what: string): ReadShape {
    const image = this.#imageOf(fields);
    const box = this.#boxOf(fields, image);
    const mask = fields.box_only === true ? null : this.#maskOrBox(fields.segmentation, { frame: image, box, what });
    if (mask === null && box === null) throw new BadInput('it has neither a mask nor a box');
    if (mask !== null) this.#checkBox(fields.bbox, mask, what);
    for (const key of keptBeside(fields)) this.#beside.set(key, (this.#beside.get(key) ?? 0) + 1);
    return {
      image,
      label: this.#labelOf(fields),
      mask,
      box: mask ? maskBox(mask) : (box as Box),
      crowd: yesOf(fields.iscrowd),
      attributes: ownAttributes(fields),
    };
  }

  #imageOf(fields: Fields): SizedImage {
    const id = wholeOf(fields.image_id);
    const image = id === null ? undefined : this.#header.images.get(id);
    if (image !== undefined) return image;
    if (id !== null && this.#header.shared.has(id)) throw new BadInput(`two images share its image_id ${id}`);
    throw new BadInput(`its image_id ${JSON.stringify(fields.image_id)} names no image of the file`);
  }

  #labelOf(fields: Fields): string {
    const id = wholeOf(fields.category_id);
    const name = id === null ? undefined : this.#header.labels.get(id);
    if (name !== undefined) return name;
    const stand = standInLabel(fields.category_id);
    this.#notes.say(`${stand}: not in the file's list of categories; its shapes get this label`);
    return stand;
  }

  /** A mask that cannot be read is named; its box, where there is one, stands in for it. */
  #maskOrBox(value: unknown, { frame, box, what }: { frame: Frame; box: Box | null; what: string }): Mask | null {
    try {
      return this.#maskOf(value, frame, what);
    } catch (error) {
      if (!(error instanceof BadInput) || box === null) throw error;
      this.#notes.leave(`the mask of ${what}`, `${error.message}; its box was kept`);
      this.#whole = false;
      return null;
    }
  }

  #maskOf(value: unknown, frame: Frame, what: string): Mask | null {
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return null;
    const isFlat = Array.isArray(value) && ringsOf(value) !== value;
    this.#whole &&= !isFlat;
    const mask = Array.isArray(value) ? this.#drawn(ringsOf(value), frame, what) : parseRle(value);
    const [height, width] = mask.size;
    if (height !== frame.height || width !== frame.width) {
      throw new BadInput(`its mask is ${width} x ${height}, its image ${frame.width} x ${frame.height}`);
    }
    if (maskArea(mask) === 0) throw new BadInput('its mask is empty');
    return mask;
  }

  #drawn(rings: readonly unknown[], { width, height }: Frame, what: string): Mask {
    this.#whole &&= rings.every((ring) => Array.isArray(ring) && ring.every((each) => typeof each === 'number'));
    const bad: { readonly part: string; readonly why: string }[] = [];
    const parts = rings.flatMap((ring, i) => {
      try {
        return [fromPolygon(flatRing(ring, i), width, height)];
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        bad.push({ part: `part ${i + 1} of ${rings.length} of ${what}`, why: error.message });
        return [];
      }
    });
    const [first, ...rest] = parts;
    if (first === undefined) throw new BadInput(bad[0]?.why ?? 'its list of polygons is empty');
    for (const { part, why } of bad) this.#notes.leave(part, why);
    this.#whole &&= bad.length === 0;
    const whole = union(first, ...rest);
    if (parts.length <= MOST_NESTED && lostParts(parts).length > 0) {
      this.#notes.say(`${what}: one polygon lies inside the others; COCO has no holes, so both are part of the mask`);
    }
    return whole;
  }

  /** Cuts the box to the picture. */
  #boxOf({ bbox, box_only: boxOnly, segmentation }: Fields, frame: Frame): Box | null {
    const asText = Array.isArray(bbox) && bbox.some((side) => typeof side === 'string');
    const [x, y, width, height] = numbersOf(asText ? bbox.map(numericOf) : bbox, 4) ?? [];
    this.#whole &&= !asText;
    if (x === undefined || y === undefined || width === undefined || height === undefined) return null;
    const isAlone = boxOnly === true || !segmentation || (Array.isArray(segmentation) && segmentation.length === 0);
    const isInside = x >= 0 && y >= 0 && x + width <= frame.width + ROUNDED && y + height <= frame.height + ROUNDED;
    this.#whole &&= isInside || !isAlone;
    return width > 0 && height > 0 ? boxOf([x, y, x + width, y + height], frame) : null;
  }

  /** The mask counts; a box that differs from it is reported. */
  #checkBox(value: unknown, mask: Mask, what: string): void {
    const sides = numbersOf(value, 4);
    if (sides === null) return;
    const [x = 0, y = 0, right = 0, below = 0] = sides;
    const tight = maskBox(mask);
    if (boxIou({ x1: x, y1: y, x2: x + right, y2: y + below }, tight) > 0.5) return;
    const corners = boxIou({ x1: x, y1: y, x2: right, y2: below }, tight) > 0.5;
    this.#whole &&= !corners;
    const how = corners ? ' (it is written x, y, x2, y2 instead of x, y, width, height)' : '';
    this.#notes.say(`${what}: its box disagrees with its mask${how}; the mask was taken`);
  }
}

/** One flat list, a list of flat lists, or lists of pairs. */
const ringsOf = (value: readonly unknown[]): readonly unknown[] =>
  value.length > 0 && value.every((each) => typeof each === 'number') ? [value] : value;

function flatRing(ring: unknown, i: number): number[] {
  const isFlat = Array.isArray(ring) && ring.every((each) => typeof each === 'number');
  const flat = isFlat ? ring : ringOf(unwrapped(ring));
  if (flat === null) throw new BadInput(`polygon ${i + 1} is no list of numbers`);
  return flat;
}

/** [[[x, y], ...]] where [[x, y], ...] is meant. */
const unwrapped = (ring: unknown): unknown =>
  Array.isArray(ring) && ring.length === 1 && Array.isArray(ring[0]) && ring[0].length > 2 ? pairs(ring[0]) : ring;

function pairs(flat: readonly unknown[]): unknown {
  if (!flat.every((each) => typeof each === 'number')) return flat;
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

const KNOWN = new Set(
  'id image_id category_id segmentation bbox area iscrowd ignore attributes score caption reasoning polygon_iou weights box_only'.split(
    ' ',
  ),
);

/** Keys that become nothing on the shape, and attributes that are no text, number or yes and no. */
function keptBeside(fields: Fields): string[] {
  const attributes = isFields(fields.attributes) ? fields.attributes : {};
  const odd = Object.entries(attributes).filter(([, value]) => typeof value === 'object' && value !== null);
  return [...Object.keys(fields).filter((key) => !KNOWN.has(key)), ...odd.map(([name]) => `attributes.${name}`)];
}

function ownAttributes(fields: Fields): Record<string, AttributeValue> {
  const texts = Object.fromEntries(TEXTS.map((key) => [key, fields[key]]));
  const own = isFields(fields.attributes) ? fields.attributes : {};
  return attributesOf({ score: fields.score, ...texts, ...own });
}

/** Names the label for a category that the file does not have, or for none at all. */
export const standInLabel = (category: unknown): string =>
  typeof category === 'number' || typeof category === 'string' ? `category ${category}` : 'without category';
