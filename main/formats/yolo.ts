// One YOLO label file (boxes or polygons in shares of the picture) to its image and shapes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import type { ReadContext, ReadImage, Reading, ReadShape } from './reading.ts';
import { attributesOf, boxOf, stemOf } from './values.ts';

const NAME_FILES = /^(?:classes\.txt|labels\.txt|.*\.names|data\.ya?ml|dataset\.ya?ml|.*classes.*\.ya?ml)$/iu;
/** Class names are looked for so many folders up. */
const LEVELS = 4;
/** Of each keypoint after a box: x, y, and whether it is seen. */
const KEYPOINT = 3;
const MOST_BYTES = 64e6;

export async function readYolo(file: string, { pictures, notes }: ReadContext): Promise<Reading> {
  const text = readFileSync(file, 'utf8');
  const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== '');
  // "images" and "labels" are parallel trees; within them folders are called alike.
  const wanted = path.join(path.basename(path.dirname(file)), stemOf(file));
  const picture = await pictures.find(wanted);
  if (picture === null || text.length > MOST_BYTES) {
    if (lines.length > 0)
      notes.leave(
        `${lines.length} object${lines.length === 1 ? '' : 's'} of ${path.basename(file)}`,
        'its picture was not found, and they are given in shares of its size',
      );
    return { format: 'YOLO', images: [{ name: wanted, width: null, height: null }], labels: [], shapes: [] };
  }
  const image = { name: path.basename(picture.file), width: picture.width, height: picture.height, picture };
  const names = namesFor(file);
  const shapes = lines.flatMap((line, i) => {
    try {
      return [shapeOf(line, image, names)];
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(`line ${i + 1} of ${path.basename(file)}`, error.message);
      return [];
    }
  });
  if (lines.some((line) => hasKeypoints(numbersOf(line))))
    notes.leave(`keypoints of ${path.basename(file)}`, 'only boxes and polygons are read');
  const labels = names.size > 0 ? [...names.values()] : [...new Set(shapes.map(({ label }) => label))];
  return { format: 'YOLO', images: [image], labels, shapes };
}

const numbersOf = (line: string): number[] => line.trim().split(/\s+/u).map(Number);

/** A class and four numbers, a polygon, or a box with confidence or keypoints. */
export function isYoloLine(line: string): boolean {
  const [label, ...rest] = numbersOf(line);
  return (
    Number.isInteger(label) &&
    rest.length >= 4 &&
    rest.every(Number.isFinite) &&
    rest.every((each) => Math.abs(each) < 1e4)
  );
}

/** Every third of the numbers after the box is 0, 1 or 2. */
function hasKeypoints([, ...numbers]: readonly number[]): boolean {
  const rest = numbers.slice(4);
  if (rest.length === 0 || rest.length % KEYPOINT !== 0) return false;
  return rest.every((value, i) => i % KEYPOINT !== 2 || [0, 1, 2].includes(value));
}

function shapeOf(line: string, image: ReadImage & Frame, names: ReadonlyMap<number, string>): ReadShape {
  if (!isYoloLine(line)) throw new BadInput('it is no class number with numbers after it');
  const all = numbersOf(line);
  const [label = 0, ...numbers] = all;
  const named = { image, label: names.get(label) ?? `class ${label}`, crowd: false };
  const isBox = numbers.length <= 5 || hasKeypoints(all);
  if (!isBox && numbers.length % 2 !== 0) throw new BadInput('its polygon has an odd count of numbers');
  if (!isBox) {
    const ring = numbers.map((value, i) => value * (i % 2 === 0 ? image.width : image.height));
    const mask = fromPolygon(ring, image.width, image.height);
    if (maskArea(mask) === 0) throw new BadInput('no pixel of the picture lies in its polygon');
    return { ...named, mask, box: maskBox(mask), attributes: {} };
  }
  const [x = 0, y = 0, width = 0, height = 0, score] = numbers;
  const corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  const box = boxOf(
    corners.map((value, i) => value * (i % 2 === 0 ? image.width : image.height)),
    image,
  );
  if (box === null) throw new BadInput('its box is empty or lies outside the picture');
  return { ...named, mask: null, box, attributes: attributesOf({ score: numbers.length === 5 ? score : undefined }) };
}

/** The nearest list of class names, beside the file or above it. */
function namesFor(file: string): Map<number, string> {
  let folder = path.dirname(file);
  for (let level = 0; level < LEVELS; level++) {
    for (const name of readdirSync(folder).toSorted()) {
      const names = NAME_FILES.test(name) ? namesIn(path.join(folder, name)) : new Map<number, string>();
      if (names.size > 0) return names;
    }
    folder = path.dirname(folder);
    if (!existsSync(folder)) break;
  }
  return new Map();
}

function namesIn(file: string): Map<number, string> {
  const text = readFileSync(file, 'utf8').slice(0, 1e6);
  const lines = text.split(/\r?\n/u).map((line) => line.trim());
  const named = /\.ya?ml$/iu.test(file) ? namesOfYaml(text) : lines.filter((line) => line !== '' && !isYoloLine(line));
  return new Map(named.flatMap((name, i) => (name.trim() === '' ? [] : [[i, name.trim()] as const])));
}

/** `names:` as a list in brackets, a list of dashes, or numbers with names; in the order in which they stand. */
function namesOfYaml(text: string): string[] {
  const after = /^names:[ \t]*(?<inline>\[[^\]]*\])?[ \t]*\r?\n?(?<block>(?:[ \t]*(?:-|\d+:)[^\n]*\n?)*)/mu.exec(
    text,
  )?.groups;
  const bare = (name: string) => name.trim().replace(/^(["'])(.*)\1$/u, '$2');
  if (after?.inline) return after.inline.slice(1, -1).split(',').map(bare);
  return (after?.block ?? '').split('\n').flatMap((line) => {
    const name = /^\s*(?:-|\d+:)\s*(?<name>.+?)\s*$/u.exec(line)?.groups?.name;
    return name === undefined ? [] : [bare(name)];
  });
}
