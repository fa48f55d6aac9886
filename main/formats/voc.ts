// Reads one Pascal VOC annotation (XML): boxes, and masks where the picture of its objects lies beside.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { boxIou, type Frame } from '../contract/geometry.ts';
import type { Box, Mask } from '../contract/records.ts';
import { maskBox } from '../contract/rle.ts';
import { decodePng, maskOfValue } from './files/png.ts';
import { decodeText } from './files/textFile.ts';
import { childOf, childrenOf, type Element, parseXml, textIn } from './files/xml.ts';
import { readAttributes } from './reading/attributes.ts';
import type { Notes, ReadContext, ReadImage, Reading, ReadShape } from './reading/reading.ts';
import { baseName, boxOf, sideOf, slashed, stemOf } from './reading/values.ts';

/** An object of the picture is that of the box it fills best; less is no match. */
const LEAST_MATCH = 0.5;
const FLAGS = ['difficult', 'truncated', 'occluded'];
const INNER = ['part', 'polygon', 'segmentation', 'mask'];
const READ = new Set(['name', 'bndbox', 'attributes', 'pose', ...FLAGS, ...INNER]);
const MOST_BYTES = 64e6;
const MOST_OBJECTS = 5000;
/** VOC draws a line of (224, 224, 192) around each object; in a palette it is 255. */
const BORDER = 0xc0e0e0;

export async function readVoc(file: string, { pictures, notes }: ReadContext): Promise<Reading> {
  const name = path.basename(file);
  const bytes = readFileSync(file);
  if (bytes.length > MOST_BYTES) throw new BadInput(`${name}: is larger than ${MOST_BYTES / 1e6} MB`);
  const root = parseXml(decodeText(bytes, name), name);
  const size = childOf(root, 'size');
  const [width, height] = [sideOf(textIn(size, 'width')), sideOf(textIn(size, 'height'))];
  const fileName = slashed(textIn(root, 'filename') || stemOf(name));
  const folder = folderIn(root, fileName);
  const known = width !== null && height !== null;
  const picture = known ? null : await pictures.find(fileName, file, folder);
  const frame = known ? { width, height } : picture;
  if (frame === null) throw new BadInput(`${name}: gives no size, and ${fileName} was not found`);
  const image: ReadImage & Frame = {
    name: fileName,
    width: frame.width,
    height: frame.height,
    ...(folder !== '' && { folder }),
    ...(picture && { picture }),
  };
  const boxes = childrenOf(root, 'object').flatMap((object, i) => boxed(object, { image, i, notes }));
  const shapes = withMasks(boxes, { file, image, notes });
  return { format: 'VOC', images: [image], labels: [...new Set(shapes.map(({ label }) => label))], shapes };
}

/** Says where the picture lay: by its path, if that is one of a picture of this name, else by the name of its folder. */
function folderIn(root: Element, fileName: string): string {
  const lay = slashed(textIn(root, 'path'));
  return baseName(lay) === baseName(fileName) ? path.posix.dirname(lay) : slashed(textIn(root, 'folder'));
}

function boxed(
  object: Element,
  { image, i, notes }: { image: ReadImage & Frame; i: number; notes: Notes },
): ReadShape[] {
  const what = `object ${i + 1} of ${image.name}`;
  const label = labelIn(object);
  const edges = childOf(object, 'bndbox');
  const [x1, y1] = [numberIn(edges, 'xmin'), numberIn(edges, 'ymin')];
  const [x2, y2] = [numberIn(edges, 'xmax'), numberIn(edges, 'ymax')];
  // VOC counts pixels from 1, and the last ones belong to the box.
  const box = [x1, y1, x2, y2].every(Number.isFinite) ? boxOf([x1 - 1, y1 - 1, x2, y2], image) : null;
  for (const inner of INNER) {
    const count = childrenOf(object, inner).length;
    if (count > 0)
      notes.leave(`${count} ${inner}${count > 1 ? 's' : ''} of ${what}`, 'only boxes are read from VOC files');
  }
  if (label === null || box === null) {
    notes.leave(what, label === null ? 'it has no name' : 'it has no box inside the picture');
    return [];
  }
  const flags = Object.fromEntries(FLAGS.map((flag) => [flag, flagOf(textIn(object, flag))]));
  const pose = textIn(object, 'pose');
  const own = { ...flags, pose: pose === 'Unspecified' ? undefined : pose };
  const attributes = readAttributes({ ...own, ...othersIn(object, { what, notes }) }, { what, notes });
  return [{ image, label, mask: null, box, crowd: false, attributes }];
}

/** CVAT's attributes, and whatever else stands there as plain text; elements with others inside are named. */
function othersIn(object: Element, { what, notes }: { what: string; notes: Notes }): Record<string, string> {
  const listed = childrenOf(childOf(object, 'attributes'), 'attribute');
  const found = listed.map((each): [string, string] => [textIn(each, 'name'), textIn(each, 'value')]);
  for (const { name, children, text } of object.children) {
    if (READ.has(name)) continue;
    if (children.length === 0) found.push([name, text.trim()]);
    else notes.leave(`<${name}> of ${what}`, 'it holds other elements and is not read');
  }
  return Object.fromEntries(found);
}

/** Line breaks around a name are the layout of the file; blanks beside it are reported when the label is made. */
function labelIn(object: Element): string | null {
  const text = childOf(object, 'name')?.text;
  if (text === undefined || text.trim() === '') return null;
  return /^\s*\n|\n\s*$/u.test(text) ? text.trim() : text;
}

/** 1 is yes and 0 says nothing; a share or a word is kept as it is. */
const flagOf = (text: string): boolean | string | undefined =>
  /^(?:1|true)$/iu.test(text) ? true : /^(?:0|0?\.0+|false|unspecified|)$/iu.test(text) ? undefined : text;

const numberIn = (element: Element | undefined, name: string): number => {
  const text = textIn(element, name);
  return text === '' ? Number.NaN : Number(text);
};

/** SegmentationObject/NAME.png beside the folder of annotations holds one colour for each object. */
function withMasks(
  shapes: ReadShape[],
  { file, image, notes }: { file: string; image: ReadImage & Frame; notes: Notes },
): ReadShape[] {
  const folder = path.join(path.dirname(file), '..', 'SegmentationObject');
  const beside = path.join(folder, `${stemOf(file)}.png`);
  if (!existsSync(beside)) return shapes;
  const what = `masks of ${image.name}`;
  try {
    const left = objectsIn(beside, image);
    const matched = shapes.map((shape) => {
      const best = bestFor(shape.box, left);
      if (best === null) return shape;
      left.splice(left.indexOf(best), 1);
      return { ...shape, mask: best, box: maskBox(best) };
    });
    if (left.length > 0)
      notes.leave(`${left.length} of the ${what}`, 'none of the boxes fits them, so their label is not known');
    return matched;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    notes.leave(what, error.message);
    return shapes;
  }
}

function bestFor(box: Box, masks: readonly Mask[]): Mask | null {
  const fits = masks.map((mask) => boxIou(box, maskBox(mask)));
  const best = Math.max(LEAST_MATCH, ...fits);
  return masks[fits.indexOf(best)] ?? null;
}

/** 0 is background, the last value of a palette or white the border between objects. */
function objectsIn(file: string, { width, height }: Frame): Mask[] {
  const png = decodePng(readFileSync(file), path.basename(file));
  if (png.width !== width || png.height !== height) {
    throw new BadInput(`${path.basename(file)} is ${png.width} x ${png.height}, the image ${width} x ${height}`);
  }
  const values = new Set(png.values);
  for (const none of [0, 255, BORDER]) values.delete(none);
  if (values.size > MOST_OBJECTS)
    throw new BadInput(`${path.basename(file)} has ${values.size} colours and is no picture of objects`);
  return [...values].map((value) => maskOfValue(png, value));
}
