// Reads files that describe others: names of classes, or names of the pictures that belong to a part of the set.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { JsonFacts } from './unsupported.ts';
import { isFields, stemOf } from './values.ts';
import { isNamedList, isYoloSet } from './yoloSet.ts';

export type Described = 'names of classes' | 'names of pictures' | 'names of other files';

const PICTURE_ENDING = /\.(?:jpe?g|png|webp|tiff?|bmp|gif|avif|heic)$/iu;
export const isPictureName = (name: string): boolean => PICTURE_ENDING.test(name);
/** Darknet's obj.data: where the lists lie. */
const DARKNET = /^\s*(?:classes|train|valid|val|test|names|backup)\s*=/iu;

/** `lines`: the first ones that are not empty. Throws `BadInput` where a description of classes cannot be read. */
export function describedBy(file: string, lines: readonly string[]): Described | null {
  if (isYoloSet(file)) return 'names of classes';
  if (lines.length === 0) return null;
  if (/\.data$/iu.test(file) && lines.every((line) => DARKNET.test(line))) return 'names of other files';
  if (!/\.txt$/iu.test(file)) return null;
  // VOC lists the stems of its pictures in a folder of its own.
  const isListed = path.dirname(file).split(path.sep).includes('ImageSets');
  if (isListed || lines.every((line) => isPictureName(line.trim()))) return 'names of pictures';
  return isNamedList(file) ? 'names of classes' : null;
}

const LISTED = new Set(['categories', 'info', 'licenses']);

/** The notes.json that Label Studio puts beside YOLO, and COCO files that hold nothing but categories. */
export function isClassList({ keys, first }: JsonFacts): boolean {
  const category = first.get('categories');
  return isFields(category) && 'name' in category && [...keys].every((key) => LISTED.has(key));
}

/** Whether a picture of the same name lies beside: then the file is meant to say something of it. */
export function hasPictureBeside(file: string): boolean {
  const stem = stemOf(file).toLowerCase();
  return readdirSync(path.dirname(file)).some((name) => isPictureName(name) && stemOf(name).toLowerCase() === stem);
}
