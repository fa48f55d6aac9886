// Reads a CVAT file (XML, for images or for video): images and shapes; parts that share a label and a group are one object.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromRegion, toMask } from '../contract/maskColumns.ts';
import { checkSize, maskBox, union } from '../contract/rle.ts';
import { CvatNames } from './cvatNames.ts';
import { framesOf } from './cvatTracks.ts';
import { decodeText } from './files/textFile.ts';
import { childOf, childrenOf, type Element, parseXml, textIn } from './files/xml.ts';
import { mergeAttributes, mergeFields, readAttributes } from './reading/attributes.ts';
import type { Notes, ReadContext, ReadImage, Reading, ReadShape } from './reading/reading.ts';
import { type BoxedMask, boxRing, ellipseRing, maskOfRing, placedMask, turnedRing } from './reading/rings.ts';
import { boxOf, labelOf, sideOf, slashed, wholeOf } from './reading/values.ts';

const MOST_BYTES = 256e6;
/** XML attributes that say where a shape lies, and those whose usual value says nothing. */
const PLACED = new Set(
  'label points xtl ytl xbr ybr cx cy rx ry rle left top width height occluded source z_order rotation'.split(' '),
);
const WITHOUT_AREA = new Map([
  ['polyline', 'a polyline has no area'],
  ['points', 'points have no area'],
  ['cuboid', 'a cuboid is no flat shape'],
  ['skeleton', 'a skeleton has no area'],
]);

export async function readCvat(file: string, context: ReadContext): Promise<Reading> {
  const name = path.basename(file);
  if (statSync(file).size > MOST_BYTES)
    throw new BadInput(`${name}: is larger than ${MOST_BYTES / 1e6} MB; export the task as COCO instead`);
  const root = parseXml(decodeText(readFileSync(file), name), name);
  const names = new CvatNames(root);
  const elements = [...childrenOf(root, 'image'), ...(await framesOf(root, { file, names }, context))];
  const labels = new Set(labelsIn(childOf(root, 'meta')));
  const images: ReadImage[] = [];
  const shapes: ReadShape[] = [];
  for (const element of elements) {
    const image = await imageOf(element, { file, names }, context);
    if (image === null) continue;
    images.push(image);
    shapes.push(...shapesOf(element, image, context.notes));
  }
  for (const { label } of shapes) labels.add(label);
  return { format: 'CVAT', images, labels: [...labels], shapes };
}

/** Labels that the task, project or job of the file lists, also those that nothing has. Sublabels of skeletons are none. */
function labelsIn(meta: Element | undefined): string[] {
  const lists = (meta?.children ?? []).flatMap((each) => childrenOf(each, 'labels'));
  const listed = lists.flatMap((list) => childrenOf(list, 'label'));
  return listed.filter((each) => textIn(each, 'parent') === '').flatMap((each) => labelOf(textIn(each, 'name')) ?? []);
}

async function imageOf(
  { attributes }: Element,
  { file, names }: { file: string; names: CvatNames },
  { pictures, notes }: ReadContext,
): Promise<ReadImage | null> {
  const image = names.of(attributes);
  if (image === null) {
    notes.leave(attributes.id === undefined ? 'an image' : `image ${attributes.id}`, 'it has no name');
    return null;
  }
  if (image.name !== slashed(attributes.name ?? ''))
    notes.say(`pictures of several tasks have one name here: each is looked for in its own folder, as ${image.name}`);
  const [width, height] = [sideOf(attributes.width), sideOf(attributes.height)];
  if (width !== null && height !== null) return { ...image, width, height };
  const picture = await pictures.find(image.name, file, image.folder);
  return { ...image, width: picture?.width ?? null, height: picture?.height ?? null, ...(picture && { picture }) };
}

function shapesOf(element: Element, image: ReadImage, notes: Notes): ReadShape[] {
  const { width, height } = image;
  const count = element.children.length;
  if (width === null || height === null) {
    if (count > 0) notes.leave(`${count} shapes of ${image.name}`, 'its size is not given and it was not found');
    return [];
  }
  const found = new Map<string, ReadShape>();
  for (const [i, child] of element.children.entries()) {
    const of = { what: `${child.name} ${i + 1} of ${image.name}`, notes };
    try {
      const { label, placed } = drawn(child, { width, height });
      const group = finite(child.attributes.group_id);
      const shape = { image, label, ...placed, crowd: false, attributes: readAttributes(ownFields(child), of) };
      const key = group !== null && group > 0 && shape.mask ? JSON.stringify([label, group]) : `${i}`;
      const earlier = found.get(key);
      found.set(key, earlier ? joined(earlier, shape, of) : shape);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(of.what, error.message);
    }
  }
  return [...found.values()];
}

function joined(a: ReadShape, b: ReadShape, of: { what: string; notes: Notes }): ReadShape {
  const mask = a.mask && b.mask ? union(a.mask, b.mask) : a.mask;
  of.notes.say('shapes of one label and one group are parts of one object, as in COCO files from CVAT');
  return { ...a, mask, box: mask ? maskBox(mask) : a.box, attributes: mergeAttributes(a.attributes, b.attributes, of) };
}

function drawn({ name, attributes }: Element, frame: Frame): { label: string; placed: BoxedMask } {
  const label = labelOf(attributes.label);
  if (name === 'tag')
    throw new BadInput(
      `it says ${label === null ? 'something' : `"${label}"`} of the whole image; only shapes are read`,
    );
  const why = WITHOUT_AREA.get(name);
  if (why !== undefined) throw new BadInput(why);
  const place = PLACES.get(name);
  if (place === undefined) throw new BadInput(`a <${name}> is not read`);
  if (label === null) throw new BadInput('it has no label');
  return { label, placed: place(attributes, frame) };
}

type Place = (attributes: Element['attributes'], frame: Frame) => BoxedMask;

const PLACES = new Map<string, Place>([
  ['polygon', ({ points }, frame) => maskOfRing(pointsOf(points), frame)],
  ['box', boxPlace],
  ['ellipse', ellipsePlace],
  ['mask', maskPlace],
]);

function boxPlace(attributes: Element['attributes'], frame: Frame): BoxedMask {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = numbersIn(attributes, ['xtl', 'ytl', 'xbr', 'ybr']);
  const degrees = degreesOf(attributes);
  if (degrees !== 0)
    return maskOfRing(turnedRing(boxRing({ x1, y1, x2, y2 }), degrees, { x: (x1 + x2) / 2, y: (y1 + y2) / 2 }), frame);
  const box = boxOf([x1, y1, x2, y2], frame);
  if (box === null) throw new BadInput('its box is empty or lies outside the picture');
  return { mask: null, box };
}

function ellipsePlace(attributes: Element['attributes'], frame: Frame): BoxedMask {
  const [x = 0, y = 0, radiusX = 0, radiusY = 0] = numbersIn(attributes, ['cx', 'cy', 'rx', 'ry']);
  return maskOfRing(turnedRing(ellipseRing({ x, y }, radiusX, radiusY), degreesOf(attributes), { x, y }), frame);
}

/** Runs go along the rows of the rectangle; the first is outside. */
function maskPlace(attributes: Element['attributes'], frame: Frame): BoxedMask {
  const [x = 0, y = 0, width = 0, height = 0] = numbersIn(attributes, ['left', 'top', 'width', 'height']).map(
    Math.round,
  );
  checkSize(height, width);
  checkSize(frame.height, frame.width);
  const bitmap = new Uint8Array(width * height);
  let at = 0;
  if (attributes.rle === undefined) throw new BadInput('its "rle" is missing');
  for (const [i, text] of attributes.rle.split(',').entries()) {
    const run = wholeOf(text);
    if (run === null || run < 0) throw new BadInput(`its run ${i + 1} is no count of pixels`);
    if (at + run > bitmap.length) throw new BadInput(`its runs cover more than ${width} x ${height} pixels`);
    if (i % 2 === 1) bitmap.fill(1, at, at + run);
    at += run;
  }
  if (at < bitmap.length) throw new BadInput(`its runs cover ${at} of ${bitmap.length} pixels`);
  return placedMask(toMask(fromRegion(bitmap, { x, y, width, height, step: 1 }, frame)));
}

const finite = (text: string | undefined): number | null =>
  text !== undefined && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : null;

function numbersIn(attributes: Element['attributes'], names: readonly string[]): number[] {
  return names.map((name) => {
    const number = finite(attributes[name]);
    if (number === null) throw new BadInput(`its "${name}" is no number`);
    return number;
  });
}

/** 0 where the attribute is missing: such a shape is not turned. */
const degreesOf = ({ rotation }: Element['attributes']): number => finite(rotation) ?? 0;

/** "x,y;x,y;x,y" */
function pointsOf(text = ''): number[] {
  const pairs = text.split(';').map((pair) => pair.split(',').map(finite));
  const isSound = pairs.every((pair) => pair.length === 2 && pair.every((each) => each !== null));
  if (!isSound) throw new BadInput('its points are no pairs of numbers');
  return pairs.flat().map(Number);
}

const YES = new Map([
  ['true', true],
  ['false', false],
]);

/** What CVAT itself says of a shape, where it is not what most are, and the attributes that the task gives its labels. */
function ownFields(element: Element): Record<string, unknown> {
  const {
    occluded,
    source,
    z_order: order,
    rotation,
    group_id: group,
    track_id: track,
    ...others
  } = element.attributes;
  const listed = childrenOf(element, 'attribute').map(({ attributes, text }): [string, unknown] => {
    return [attributes.name ?? '', YES.get(text.trim()) ?? text.trim()];
  });
  const own = {
    ...Object.fromEntries(Object.entries(others).filter(([name]) => !PLACED.has(name))),
    occluded: occluded === '1' ? true : undefined,
    source: source === 'manual' ? undefined : source,
    z_order: finite(order) || undefined,
    rotation: finite(rotation) || undefined,
    group_id: finite(group) || undefined,
    track_id: finite(track) ?? undefined,
  };
  return mergeFields(['shape', own], ['attributes', Object.fromEntries(listed)]);
}
