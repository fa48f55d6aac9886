// A project or annotation file of VGG Image Annotator (versions 1 to 3, JSON) to images and shapes.
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { jsonFields } from './jsonStream.ts';
import { ellipseRing } from './outlines.ts';
import type { ReadContext, ReadImage, Reading, ReadShape } from './reading.ts';
import { attributesOf, boxOf, type Fields, isFields, numbersOf, slashed, textOf } from './values.ts';

/** A region before it is drawn: VIA leaves it to the person which attribute says what the thing is. */
interface Region {
  readonly kind: string;
  readonly numbers: readonly number[];
  readonly words: Fields;
}

interface ViaImage {
  readonly name: string;
  readonly regions: readonly (Region | string)[];
}

/** Attributes that people call the label, the likeliest first. */
const LABEL_NAMES = ['label', 'class', 'category', 'name', 'type', 'object', 'object_name', 'class_name'];
const NO_AREA: Readonly<Record<string, string>> = { point: 'a point', polyline: 'a line', line: 'a line' };

export async function readVia(file: string, { pictures, notes }: ReadContext): Promise<Reading> {
  const fields = jsonFields(file);
  const found = isFields(fields.metadata) ? imagesOf3(fields) : imagesOf2(fields);
  const images: ReadImage[] = [];
  const shapes: ReadShape[] = [];
  for (const { name, regions } of found) {
    const picture = await pictures.find(name, file);
    const image = { name, width: picture?.width ?? null, height: picture?.height ?? null, ...(picture && { picture }) };
    images.push(image);
    if (picture === null && regions.length > 0)
      notes.leave(`${regions.length} regions of ${name}`, 'VIA stores no sizes, and the picture was not found');
    if (picture === null) continue;
    for (const [i, region] of regions.entries())
      try {
        shapes.push(shapeOf(region, { image, frame: picture }));
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        notes.leave(`region ${i + 1} of ${name}`, error.message);
      }
  }
  if (found.length === 0) throw new BadInput(`${path.basename(file)}: is a VIA file without images`);
  return { format: 'VIA', images, labels: [...new Set(shapes.map(({ label }) => label))], shapes };
}

/** Versions 1 and 2: a project, or its annotations alone. */
function imagesOf2(fields: Fields): ViaImage[] {
  const entries = isFields(fields._via_img_metadata) ? fields._via_img_metadata : fields;
  return Object.values(entries).flatMap((entry): ViaImage[] => {
    const name = isFields(entry) ? textOf(entry.filename) : null;
    if (!isFields(entry) || name === null) return [];
    const regions = Array.isArray(entry.regions) ? entry.regions : Object.values(entry.regions ?? {});
    return [{ name: slashed(name), regions: regions.map(regionOf2) }];
  });
}

/** What each kind of shape is made of. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  rect: ['x', 'y', 'width', 'height'],
  circle: ['cx', 'cy', 'r'],
  ellipse: ['cx', 'cy', 'rx', 'ry'],
};

function regionOf2(value: unknown): Region | string {
  if (!isFields(value) || !isFields(value.shape_attributes)) return 'it has no shape';
  const { shape_attributes: shape, region_attributes: words } = value;
  const kind = textOf(shape.name) ?? '';
  const region = { kind, words: isFields(words) ? words : {} };
  if (kind === 'polygon' || kind === 'polyline') {
    const [xs, ys] = [shape.all_points_x, shape.all_points_y];
    const count = Array.isArray(xs) ? xs.length : 0;
    const [across, down] = [numbersOf(xs, count), numbersOf(ys, count)];
    if (across === null || down === null) return 'its points are no pairs of numbers';
    return { ...region, numbers: across.flatMap((x, i) => [x, down[i] ?? 0]) };
  }
  const parts = PARTS[kind] ?? [];
  const turn = kind === 'ellipse' ? [shape.theta ?? 0] : [];
  const numbers = numbersOf([...parts.map((part) => shape[part]), ...turn], parts.length + turn.length);
  return numbers === null ? `its ${kind} is not given by numbers` : { ...region, numbers };
}

/** By the number that version 3 gives them. */
const KINDS3 = ['', 'point', 'rect', 'circle', 'ellipse', 'line', 'polyline', 'polygon', 'rect', 'circle'];

function imagesOf3({ file, view, metadata, attribute }: Fields): ViaImage[] {
  const names = isFields(file) ? file : {};
  const views = isFields(view) ? view : {};
  const byView = Map.groupBy(Object.values(isFields(metadata) ? metadata : {}).filter(isFields), ({ vid }) => `${vid}`);
  return Object.entries(views).flatMap(([vid, one]): ViaImage[] => {
    const [fid] = isFields(one) && Array.isArray(one.fid_list) ? one.fid_list : [];
    const entry = names[`${fid}`];
    const name = isFields(entry) ? (textOf(entry.fname) ?? textOf(entry.src)) : null;
    if (name === null) return [];
    const regions = (byView.get(vid) ?? []).filter(({ xy }) => Array.isArray(xy) && xy.length > 0);
    return [{ name: slashed(name), regions: regions.map((region) => regionOf3(region, attribute)) }];
  });
}

function regionOf3({ xy, av }: Fields, attribute: unknown): Region | string {
  const numbers = Array.isArray(xy) ? numbersOf(xy, xy.length) : null;
  if (numbers === null) return 'its points are no numbers';
  const [kind = 0, ...rest] = numbers;
  const named = KINDS3[kind] ?? '';
  const turned = named === 'ellipse' && rest.length === 4 ? [...rest, 0] : rest;
  return { kind: named, numbers: turned, words: wordsOf3(av, attribute) };
}

/** Attributes and their choices are numbered; people named them. */
function wordsOf3(values: unknown, attribute: unknown): Fields {
  const known = isFields(attribute) ? attribute : {};
  const pairs = Object.entries(isFields(values) ? values : {}).map(([id, value]) => {
    const about = isFields(known[id]) ? known[id] : {};
    const options = isFields(about.options) ? about.options : {};
    return [textOf(about.aname) ?? id, textOf(options[`${value}`]) ?? value] as const;
  });
  return Object.fromEntries(pairs);
}

function shapeOf(region: Region | string, { image, frame }: { image: ReadImage; frame: Frame }): ReadShape {
  if (typeof region === 'string') throw new BadInput(region);
  const { kind, numbers, words } = region;
  const nothing = NO_AREA[kind];
  if (nothing !== undefined) throw new BadInput(`${nothing} has no area`);
  const { label, others } = labelled(words);
  const common = { image, label, crowd: false, attributes: attributesOf(others) };
  if (kind === 'rect') {
    const [x = 0, y = 0, width = 0, height = 0] = numbers;
    const box = boxOf([x, y, x + width, y + height], frame);
    if (box === null) throw new BadInput('it lies outside the picture');
    return { ...common, mask: null, box };
  }
  const mask = fromPolygon(ringOf(kind, numbers), frame.width, frame.height);
  if (maskArea(mask) === 0) throw new BadInput('no pixel of the picture lies in it');
  return { ...common, mask, box: maskBox(mask) };
}

function ringOf(kind: string, numbers: readonly number[]): readonly number[] {
  const [x = 0, y = 0, first = 0, second = 0, turn = 0] = numbers;
  if (kind === 'circle') return ellipseRing({ x, y, rx: first, ry: first });
  if (kind === 'ellipse') return ellipseRing({ x, y, rx: first, ry: second, turn });
  if (kind === 'polygon' && numbers.length >= 6) return numbers;
  throw new BadInput(
    kind === 'polygon' ? 'its polygon has too few points' : `VIA's "${kind}" is no shape that Loupe knows`,
  );
}

/** Boxes to tick are written as { "car": true }. */
function labelled(words: Fields): { label: string; others: Fields } {
  const plain = Object.entries(words).flatMap(([name, value]): [string, string][] => {
    const ticked = isFields(value) ? Object.keys(value).filter((key) => value[key] === true) : [];
    const text = isFields(value) ? (ticked.length === 1 ? (ticked[0] ?? null) : null) : textOf(value);
    return text === null ? [] : [[name, text]];
  });
  const byName = LABEL_NAMES.flatMap((wanted) => plain.find(([name]) => name.toLowerCase() === wanted) ?? []);
  const [name, label] = byName.length > 0 ? byName : (plain[0] ?? []);
  if (name === undefined || label === undefined) throw new BadInput('none of its attributes says what it is');
  const others = Object.fromEntries(Object.entries(words).filter(([other]) => other !== name));
  return { label, others };
}
