// Reads one YOLO label file (boxes or polygons in shares of the picture).
import { statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { readText } from './files/textFile.ts';
import type { ReadContext, ReadImage, Reading, ReadShape } from './reading/reading.ts';
import { attributesOf, boxOf, stemOf } from './reading/values.ts';
import { type YoloSet, yoloSetOf } from './reading/yoloSet.ts';

const MOST_BYTES = 64e6;
/** Shares of a picture lie in 0 to 1; tools round them or draw a little outside. */
const MOST_SHARE = 2;

export async function readYolo(file: string, context: ReadContext): Promise<Reading> {
  const { pictures, notes } = context;
  const name = path.basename(file);
  if (statSync(file).size > MOST_BYTES) throw new BadInput(`${name}: is larger than ${MOST_BYTES / 1e6} MB`);
  const lines = readText(file).split(/\r\n|\n|\r/u);
  const rows = lines.filter((line) => line.trim() !== '');
  const picture = await pictures.find(stemOf(file), file);
  if (picture === null) {
    const objects = `${rows.length} object${rows.length === 1 ? '' : 's'} of ${name}`;
    if (rows.length > 0) notes.leave(objects, 'its picture was not found, and they are given in shares of its size');
    return { format: 'YOLO', images: [{ name: stemOf(file), width: null, height: null }], labels: [], shapes: [] };
  }
  const image = { name: path.basename(picture.file), width: picture.width, height: picture.height, picture };
  const from = { image, set: setOf(file, context, rows.length), ...columnsOf(rows.map(numbersOf)) };
  const shapes = lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [shapeOf(line, from)];
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(`line ${i + 1} of ${name}`, error.message);
      return [];
    }
  });
  const { keypoints, names, file: list } = from.set;
  if (keypoints !== null && shapes.length > 0) notes.leave(`keypoints of ${name}`, 'only boxes and polygons are read');
  for (const { label, number } of shapes)
    if (list !== null && names.size > 0 && !names.has(number))
      notes.say(`class ${number} has no name in ${path.basename(list)}; its label is "${label}"`);
  const labels = names.size > 0 ? [...names.values()] : [...new Set(shapes.map(({ label }) => label))];
  return { format: 'YOLO', images: [image], labels, shapes };
}

/** What the file's set says of it, and where the set says so. */
function setOf(file: string, { root, notes, sets }: ReadContext, rows: number): YoloSet {
  const set = yoloSetOf(file, root, sets);
  if (set.problem !== undefined) notes.say(`${set.problem}; its classes keep their numbers`);
  else if (set.file !== null && set.names.size > 0)
    notes.say(`the names of classes are those of ${path.relative(root, set.file) || set.file}`);
  else if (rows > 0) notes.say('no list of class names lies in what is imported; classes keep their numbers');
  if (set.odd !== undefined) notes.say(set.odd);
  return set;
}

/** What the rows of a file hold behind the places. One row can decide it: a track's number is larger than any share. */
interface Columns {
  /** Rows end in a score and the number of a track. */
  readonly tracked: boolean;
  /** Boxes end in the number of a track, and not in a score. */
  readonly trackAlone: boolean;
}

function columnsOf(rows: readonly (readonly number[])[]): Columns {
  const numbers = rows.map((row) => row.slice(1));
  const isTrack = (row: readonly number[]) => Number.isInteger(row.at(-1)) && Number(row.at(-1)) >= 0;
  const isBeyond = (row: readonly number[]) => isTrack(row) && Number(row.at(-1)) > MOST_SHARE;
  const [even, five] = [numbers.filter(({ length }) => length > 5 && length % 2 === 0), numbers.filter(isFive)];
  return {
    tracked: even.every(isTrack) && even.some(isBeyond),
    trackAlone: five.every(isTrack) && five.some(isBeyond),
  };
}

const isFive = ({ length }: readonly number[]): boolean => length === 5;

const numbersOf = (line: string): number[] => line.trim().split(/\s+/u).map(Number);

/** A class and at least four numbers. */
export function isYoloLine(line: string): boolean {
  const [label, ...rest] = numbersOf(line);
  return isClass(label) && rest.length >= 4 && rest.every((each) => Number.isFinite(each) && Math.abs(each) < 1e4);
}

const isClass = (label: number | undefined): label is number => Number.isInteger(label) && Number(label) >= 0;

interface From extends Columns {
  readonly image: ReadImage & Frame;
  readonly set: YoloSet;
}

function shapeOf(line: string, from: From): ReadShape & { readonly number: number } {
  const { image, set } = from;
  const [number, ...numbers] = numbersOf(line);
  if (!isClass(number))
    throw new BadInput(`it begins with "${line.trim().split(/\s+/u)[0]}", which is no class number`);
  if (numbers.length < 4) throw new BadInput('it has fewer than four numbers after its class');
  if (!numbers.every(Number.isFinite)) throw new BadInput('it holds something that is no number');
  const { kind, count, score, track_id } = kindOf(numbers, from);
  const places = numbers.slice(0, count);
  if (places.some((value) => Math.abs(value) > MOST_SHARE))
    throw new BadInput('its numbers are no shares of the picture (0 to 1)');
  const placed = kind === 'polygon' ? polygonOf(places, image) : { mask: null, box: boxIn(places, image) };
  const label = set.names.get(number) ?? `class ${number}`;
  return { number, image, label, crowd: false, ...placed, attributes: attributesOf({ score, track_id }) };
}

interface Kind {
  readonly kind: 'box' | 'polygon';
  /** Count of the numbers that say where a shape lies. */
  readonly count: number;
  readonly score?: number | undefined;
  readonly track_id?: number | undefined;
}

/** The set and the file say what its rows are: of their values a polygon at the picture's edge looks like keypoints. */
function kindOf(numbers: readonly number[], { set: { keypoints }, tracked, trackAlone }: From): Kind {
  const { length } = numbers;
  const [beforeLast, last] = numbers.slice(-2);
  if (length === 4) return { kind: 'box', count: 4 };
  if (length === 5) return { kind: 'box', count: 4, ...(trackAlone ? { track_id: last } : { score: last }) };
  if (keypoints !== null) return poseOf(numbers, keypoints);
  if (length % 2 !== 0) throw new BadInput('its polygon has an odd count of numbers');
  if (!tracked) return { kind: 'polygon', count: length };
  const said = { score: beforeLast, track_id: last };
  return length === 6 ? { kind: 'box', count: 4, ...said } : { kind: 'polygon', count: length - 2, ...said };
}

/** A box, its keypoints, and where a model wrote it a score and perhaps the number of a track. */
function poseOf(numbers: readonly number[], keypoints: NonNullable<YoloSet['keypoints']>): Kind {
  if (typeof keypoints !== 'number') throw new BadInput(keypoints.why);
  const [score, track_id, ...more] = numbers.slice(4 + keypoints);
  if (numbers.length >= 4 + keypoints && more.length === 0) return { kind: 'box', count: 4, score, track_id };
  throw new BadInput(
    `it has ${numbers.length} numbers after its class, and a row with the keypoints of its set has ${4 + keypoints}`,
  );
}

function polygonOf(numbers: readonly number[], image: Frame): Pick<ReadShape, 'mask' | 'box'> {
  const ring = numbers.map((value, i) => value * (i % 2 === 0 ? image.width : image.height));
  const mask = fromPolygon(ring, image.width, image.height);
  if (maskArea(mask) === 0) throw new BadInput('no pixel of the picture lies in its polygon');
  return { mask, box: maskBox(mask) };
}

function boxIn([x = 0, y = 0, width = 0, height = 0]: readonly number[], image: Frame): ReadShape['box'] {
  const corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  const box = boxOf(
    corners.map((value, i) => value * (i % 2 === 0 ? image.width : image.height)),
    image,
  );
  if (box === null) throw new BadInput('its box is empty or lies outside the picture');
  return box;
}
