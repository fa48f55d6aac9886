// Reads one ISAT file: its image, and what of each thing stays visible when all polygons are painted by their layers.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { fromPolygon } from '../contract/polygon.ts';
import type { Mask } from '../contract/records.ts';
import { difference, maskArea, maskBox, union } from '../contract/rle.ts';
import { jsonFields } from './files/jsonStream.ts';
import type { Notes, ReadContext, ReadImage, Reading, ReadShape } from './reading/reading.ts';
import {
  attributesOf,
  type Fields,
  isFields,
  labelOf,
  numberOf,
  ringOf,
  sideOf,
  slashed,
  textOf,
  yesOf,
} from './reading/values.ts';

const BACKGROUND = '__background__';

interface Polygon {
  readonly category: string;
  readonly group: string;
  readonly layer: number;
  readonly crowd: boolean;
  readonly note: unknown;
  readonly mask: Mask;
}

export async function readIsat(file: string, { notes }: ReadContext): Promise<Reading> {
  const fields = jsonFields(file);
  const image = imageOf(fields, file);
  const note = isFields(fields.info) ? textOf(fields.info.note) : null;
  if (note !== null) notes.leave(`the note of ${image.name}`, `it is about the whole image: "${note.slice(0, 80)}"`);
  const shapes = thingsOf(polygonsOf(fields, image, notes), image, notes);
  return { format: 'ISAT', images: [image], labels: [...new Set(shapes.map(({ label }) => label))], shapes };
}

function imageOf({ info }: Fields, file: string): ReadImage & { width: number; height: number } {
  const name = isFields(info) ? textOf(info.name) : null;
  const [width, height] = isFields(info) ? [sideOf(info.width), sideOf(info.height)] : [null, null];
  if (name === null || width === null || height === null) {
    throw new BadInput(`${path.basename(file)}: its "info" has no name, width and height`);
  }
  const folder = isFields(info) ? textOf(info.folder) : null;
  return { name: slashed(name), width, height, ...(folder !== null && { folder: slashed(folder) }) };
}

function polygonsOf(
  { objects }: Fields,
  image: { name: string; width: number; height: number },
  notes: Notes,
): Polygon[] {
  return (Array.isArray(objects) ? objects : []).flatMap((value: unknown, i) => {
    const what = `object ${i + 1} of ${image.name}`;
    const category = isFields(value) ? labelOf(value.category) : null;
    const ring = isFields(value) ? ringOf(value.segmentation) : null;
    if (!isFields(value) || category === null || ring === null || ring.length < 6) {
      notes.leave(what, 'it has no category or no polygon of at least three points');
      return [];
    }
    const group = `${category}#${value.group === '' || value.group === undefined ? `alone ${i}` : String(value.group)}`;
    const mask = fromPolygon(ring, image.width, image.height);
    return [
      { category, group, layer: numberOf(value.layer) ?? i, crowd: yesOf(value.iscrowd), note: value.note, mask },
    ];
  });
}

/** Goes from the top layer down: each polygon shows what no other has covered yet. Background cuts holes and is no thing. */
function thingsOf(
  polygons: readonly Polygon[],
  image: ReadImage & { width: number; height: number },
  notes: Notes,
): ReadShape[] {
  const size: Mask['size'] = [image.height, image.width];
  let covered: Mask = { size, counts: [image.height * image.width] };
  const things = new Map<string, { first: Polygon; mask: Mask }>();
  for (const polygon of polygons.toSorted((a, b) => b.layer - a.layer)) {
    const seen = difference(polygon.mask, covered);
    covered = union(covered, polygon.mask);
    if (polygon.category.trim() === BACKGROUND) continue;
    const key = `${polygon.group} ${polygon.crowd}`;
    const earlier = things.get(key);
    things.set(key, { first: polygon, mask: earlier ? union(earlier.mask, seen) : seen });
  }
  const inOrder = new Set(polygons.map(({ group, crowd }) => `${group} ${crowd}`));
  return [...inOrder].flatMap((key) => {
    const thing = things.get(key);
    if (thing === undefined) return [];
    const { first, mask } = thing;
    if (maskArea(mask) === 0) {
      notes.leave(`${first.group} of ${image.name}`, 'others cover all of it');
      return [];
    }
    const attributes = attributesOf({ note: first.note });
    return [{ image, label: first.category, mask, box: maskBox(mask), crowd: first.crowd, attributes }];
  });
}
