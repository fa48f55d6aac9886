// One "CVAT for images" file (XML) to its images and shapes: polygons, boxes, masks and ellipses with their attributes.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import type { Box, Mask } from '../contract/records.ts';
import { checkSize, fromBitmap, maskArea, maskBox } from '../contract/rle.ts';
import { ellipseRing, turnedRing } from './outlines.ts';
import type { Notes, ReadContext, ReadImage, Reading, ReadShape } from './reading.ts';
import { decoded } from './text.ts';
import { attributesOf, boxOf, sideOf, slashed } from './values.ts';
import { childOf, childrenOf, type Element, parseXml, textIn } from './xml.ts';

const MOST_BYTES = 256e6;
/** Elements of an image that are no objects with an area. */
const NO_AREA = ['polyline', 'points', 'cuboid', 'skeleton', 'tag'];

interface Drawn {
  readonly mask: Mask | null;
  readonly box: Box;
}

export async function readCvat(file: string, { pictures, notes }: ReadContext): Promise<Reading> {
  const name = path.basename(file);
  const bytes = readFileSync(file);
  if (bytes.length > MOST_BYTES) throw new BadInput(`${name}: is larger than ${MOST_BYTES / 1e6} MB`);
  const root = parseXml(decoded(bytes, name), name);
  if (childOf(root, 'track'))
    throw new BadInput(`${name}: is a CVAT file of a video's tracks; export it as "CVAT for images 1.1" or as COCO`);
  const images: ReadImage[] = [];
  const shapes: ReadShape[] = [];
  for (const element of childrenOf(root, 'image')) {
    const image = await imageOf(element, { file, pictures, notes });
    if (image === null) continue;
    images.push(image);
    shapes.push(...shapesOf(element, image, notes));
  }
  const labels = new Set([...declared(root), ...shapes.map(({ label }) => label)]);
  return { format: 'CVAT', images, labels: [...labels], shapes };
}

/** Labels of the task or project, whether anything has them or not. */
function declared(root: Element): string[] {
  const meta = childOf(root, 'meta');
  const owners = ['task', 'project', 'job'].flatMap((kind) => childrenOf(meta, kind));
  const lists = owners.flatMap((owner) => childrenOf(owner, 'labels'));
  const names = lists.flatMap((list) => childrenOf(list, 'label').map((label) => textIn(label, 'name')));
  return names.filter((name) => name !== '');
}

async function imageOf(
  { attributes }: Element,
  { file, pictures, notes }: { file: string } & Pick<ReadContext, 'pictures' | 'notes'>,
): Promise<(ReadImage & Frame) | null> {
  const name = slashed(attributes.name ?? '');
  if (name === '') {
    notes.leave(`image ${attributes.id ?? ''}`.trim(), 'it has no name');
    return null;
  }
  const split = attributes.subset?.toLowerCase();
  const [width, height] = [sideOf(attributes.width), sideOf(attributes.height)];
  if (width !== null && height !== null) return { name, width, height, ...(split && { split }) };
  const picture = await pictures.find(name, file);
  if (picture === null) notes.leave(`image ${name}`, 'its size is not given, and it was not found');
  return picture && { name, width: picture.width, height: picture.height, picture, ...(split && { split }) };
}

function shapesOf(element: Element, image: ReadImage & Frame, notes: Notes): ReadShape[] {
  const found: ReadShape[] = [];
  const passed = new Map<string, number>();
  for (const [i, child] of element.children.entries()) {
    if (NO_AREA.includes(child.name)) passed.set(child.name, (passed.get(child.name) ?? 0) + 1);
    else
      try {
        found.push(shapeOf(child, image));
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        notes.leave(`${child.name} ${i + 1} of ${image.name}`, error.message);
      }
  }
  for (const [kind, count] of passed) notes.leave(`${count} ${kind} of ${image.name}`, 'it has no area');
  return found;
}

function shapeOf(element: Element, image: ReadImage & Frame): ReadShape {
  const { label = '', occluded, group_id, z_order, rotation } = element.attributes;
  if (label === '') throw new BadInput('it has no label');
  const own = childrenOf(element, 'attribute').map((each) => [each.attributes.name ?? '', each.text.trim()] as const);
  const attributes = attributesOf({
    ...Object.fromEntries(own),
    occluded: occluded === '1' || undefined,
    group: group_id === undefined || group_id === '0' ? undefined : Number(group_id),
    z_order: z_order === undefined || z_order === '0' ? undefined : Number(z_order),
    rotation: isTurned(rotation) ? Number(rotation) : undefined,
  });
  return { image, label, ...drawn(element, image), crowd: false, attributes };
}

const isTurned = (rotation: string | undefined): boolean => Math.abs(Number(rotation ?? 0)) > 1e-9;

function drawn({ name, attributes }: Element, frame: Frame): Drawn {
  const edges = () => numbers(attributes, ['xtl', 'ytl', 'xbr', 'ybr']);
  const turn = Number(attributes.rotation ?? 0);
  if (name === 'box' && !isTurned(attributes.rotation)) {
    const box = boxOf(edges(), frame);
    if (box === null) throw new BadInput('it lies outside the picture');
    return { mask: null, box };
  }
  if (name === 'box') return filled(turnedRing(edges(), turn), frame);
  if (name === 'ellipse') {
    const [x = 0, y = 0, rx = 0, ry = 0] = numbers(attributes, ['cx', 'cy', 'rx', 'ry']);
    return filled(ellipseRing({ x, y, rx, ry, turn: (turn * Math.PI) / 180 }), frame);
  }
  if (name === 'polygon') return filled(ringIn(attributes.points ?? ''), frame);
  if (name === 'mask') return whole(maskIn(attributes, frame));
  throw new BadInput('Loupe knows no such shape');
}

function numbers(attributes: Element['attributes'], names: readonly string[]): number[] {
  const found = names.map((name) => Number((attributes[name] ?? '').trim() || Number.NaN));
  const bad = names.find((_, i) => !Number.isFinite(found[i]));
  if (bad !== undefined) throw new BadInput(`its ${bad} is no number`);
  return found;
}

/** "10.5,10.0;50.0,10.0;..." */
function ringIn(points: string): number[] {
  const ring = points.split(';').flatMap((pair) => pair.split(',').map((text) => Number(text.trim() || Number.NaN)));
  if (ring.length < 6 || !ring.every(Number.isFinite)) throw new BadInput('its points are no polygon');
  return ring;
}

const filled = (ring: readonly number[], { width, height }: Frame): Drawn => whole(fromPolygon(ring, width, height));

function whole(mask: Mask): Drawn {
  if (maskArea(mask) === 0) throw new BadInput('no pixel of the picture lies in it');
  return { mask, box: maskBox(mask) };
}

/** Runs of the rectangle at left and top, row by row, outside first. */
function maskIn(attributes: Element['attributes'], frame: Frame): Mask {
  const [left = 0, top = 0, width = 0, height = 0] = numbers(attributes, ['left', 'top', 'width', 'height']);
  const runs = (attributes.rle ?? '').split(',').map((text) => Number(text.trim() || Number.NaN));
  if (!runs.every((run) => Number.isSafeInteger(run) && run >= 0)) throw new BadInput('its runs are no whole numbers');
  if (runs.reduce((sum, run) => sum + run, 0) !== width * height)
    throw new BadInput(`its runs do not fill its ${width} x ${height} pixels`);
  checkSize(frame.height, frame.width);
  const bitmap = new Uint8Array(frame.width * frame.height);
  let at = 0;
  for (const [i, run] of runs.entries()) {
    if (i % 2 === 1) paint(bitmap, frame, { from: at, run, left, top, width });
    at += run;
  }
  return fromBitmap(bitmap, frame.width, frame.height);
}

interface Run {
  readonly from: number;
  readonly run: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

function paint(bitmap: Uint8Array, frame: Frame, { from, run, left, top, width }: Run): void {
  for (let i = from; i < from + run; i++) {
    const [x, y] = [left + (i % width), top + Math.floor(i / width)];
    if (x >= 0 && y >= 0 && x < frame.width && y < frame.height) bitmap[y * frame.width + x] = 1;
  }
}
