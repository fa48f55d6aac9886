// One YOLO label file (boxes or polygons in shares of the picture) to its image and shapes.
import { statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import type { ReadContext, ReadImage, Reading, ReadShape } from './reading.ts';
import { readText } from './text.ts';
import { attributesOf, boxOf, stemOf } from './values.ts';
import { type YoloSet, yoloSetOf } from './yoloSet.ts';

const MOST_BYTES = 64e6;
/** Shares of a picture lie in 0 to 1; tools round them or draw a little outside. */
const MOST_SHARE = 2;

export async function readYolo(file: string, { pictures, notes, root }: ReadContext): Promise<Reading> {
  const name = path.basename(file);
  if (statSync(file).size > MOST_BYTES) throw new BadInput(`${name}: is larger than ${MOST_BYTES / 1e6} MB`);
  const text = readText(file);
  const lines = text.split(/\r\n|\n|\r/u);
  const rows = lines.filter((line) => line.trim() !== '').length;
  const picture = await pictures.find(stemOf(file), file);
  if (picture === null) {
    const objects = `${rows} object${rows === 1 ? '' : 's'} of ${name}`;
    if (rows > 0) notes.leave(objects, 'its picture was not found, and they are given in shares of its size');
    return { format: 'YOLO', images: [{ name: stemOf(file), width: null, height: null }], labels: [], shapes: [] };
  }
  const image = { name: path.basename(picture.file), width: picture.width, height: picture.height, picture };
  const set = yoloSetOf(file, root);
  if (set.problem !== undefined) notes.say(`${set.problem}; its classes keep their numbers`);
  else if (set.file !== null)
    notes.say(`the names of classes are those of ${path.relative(root, set.file) || set.file}`);
  const shapes = lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [shapeOf(line, image, set)];
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(`line ${i + 1} of ${name}`, error.message);
      return [];
    }
  });
  if (set.keypoints !== null && shapes.length > 0)
    notes.leave(`keypoints of ${name}`, 'only boxes and polygons are read');
  const labels = set.names.size > 0 ? [...set.names.values()] : [...new Set(shapes.map(({ label }) => label))];
  return { format: 'YOLO', images: [image], labels, shapes };
}

const numbersOf = (line: string): number[] => line.trim().split(/\s+/u).map(Number);

/** A class and at least four numbers. */
export function isYoloLine(line: string): boolean {
  const [label, ...rest] = numbersOf(line);
  return isClass(label) && rest.length >= 4 && rest.every((each) => Number.isFinite(each) && Math.abs(each) < 1e4);
}

const isClass = (label: number | undefined): label is number => Number.isInteger(label) && Number(label) >= 0;

function shapeOf(line: string, image: ReadImage & Frame, set: YoloSet): ReadShape {
  const [label, ...numbers] = numbersOf(line);
  if (!isClass(label)) throw new BadInput(`it begins with "${line.trim().split(/\s+/u)[0]}", which is no class number`);
  if (numbers.length < 4) throw new BadInput('it has fewer than four numbers after its class');
  if (!numbers.every(Number.isFinite)) throw new BadInput('it holds something that is no number');
  const named = { image, label: set.names.get(label) ?? `class ${label}`, crowd: false };
  const kind = kindOf(numbers.length, set);
  const places = kind === 'polygon' ? numbers : numbers.slice(0, 4);
  if (places.some((value) => Math.abs(value) > MOST_SHARE))
    throw new BadInput('its numbers are no shares of the picture (0 to 1)');
  if (kind === 'polygon') return { ...named, ...polygonOf(numbers, image), attributes: {} };
  const score = kind === 'scored box' ? numbers[4] : undefined;
  return { ...named, mask: null, box: boxIn(numbers, image), attributes: attributesOf({ score }) };
}

/** The set says what its rows are: of their values a polygon at the picture's edge looks like keypoints. */
function kindOf(count: number, { keypoints }: YoloSet): 'box' | 'scored box' | 'pose' | 'polygon' {
  if (keypoints !== null && count === 4 + keypoints[0] * keypoints[1]) return 'pose';
  if (count === 4) return 'box';
  if (count === 5) return 'scored box';
  if (count % 2 === 0) return 'polygon';
  throw new BadInput('its polygon has an odd count of numbers');
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
