// Shapes on images to a COCO file with compressed run-length masks, and any COCO file to what is wrong in it.
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { BadInput } from '../contract/badinput.ts';
import { compress, parseRle } from '../contract/cocoMask.ts';
import { fromPolygons } from '../contract/polygon.ts';
import type { Mask } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';

const id = z.int().min(1);
const number = z.number();
/** COCO's own names. Ids start at 1: evaluation takes a match with annotation 0 for no match. */
const CocoImage = z.looseObject({ id, file_name: z.string().min(1), width: z.int().min(1), height: z.int().min(1) });
const CocoAnnotation = z.looseObject({
  id,
  image_id: id,
  category_id: id,
  segmentation: z.unknown(),
  area: number,
  bbox: z.tuple([number, number, number, number]),
  iscrowd: z.union([z.literal(0), z.literal(1)]),
  ignore: z.literal(0, 'must be absent or 0, or trainers drop the object').optional(),
});
const CocoCategory = z.looseObject({ id, name: z.string().min(1), supercategory: z.string().optional() });
const CocoFile = z.looseObject({
  info: z.looseObject({}),
  licenses: z.array(z.unknown()),
  images: z.array(CocoImage),
  annotations: z.array(CocoAnnotation),
  categories: z.array(CocoCategory),
});
export type CocoFile = z.infer<typeof CocoFile>;
type CocoImage = z.infer<typeof CocoImage>;
type CocoAnnotation = z.infer<typeof CocoAnnotation>;

/** An image as the file names it: a relative path, and the decoded, upright size. */
export interface ExportImage {
  readonly id: number;
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
}

/** One object. `extra` keys (caption, reasoning, score) go beside COCO's own, never in their place. */
export interface ExportShape {
  readonly id: number;
  readonly imageId: number;
  readonly label: string;
  readonly mask: Mask;
  readonly extra?: Readonly<Record<string, string | number>>;
}

export interface CocoSource {
  readonly description: string;
  readonly images: readonly ExportImage[];
  readonly shapes: readonly ExportShape[];
  /** Labels in the order of their category ids. */
  readonly labels: readonly string[];
}

/** The file, and which shapes are not in it and why: nothing is dropped silently. */
export interface CocoExport {
  readonly file: CocoFile;
  readonly skipped: readonly { readonly id: number; readonly reason: string }[];
}

export function toCoco(source: CocoSource): CocoExport {
  const empty = source.shapes.filter((shape) => maskArea(shape.mask) === 0);
  const drawn = source.shapes.filter((shape) => maskArea(shape.mask) > 0);
  const file = {
    info: { description: source.description, version: '1.0' },
    licenses: [],
    images: source.images.map(({ id, fileName, width, height }) => ({
      id,
      file_name: slashed(fileName),
      width,
      height,
    })),
    annotations: drawn.map((shape) => annotation(shape, source.labels)),
    categories: source.labels.map((name, index) => ({ id: index + 1, name, supercategory: '' })),
  };
  return { file, skipped: empty.map((shape) => ({ id: shape.id, reason: 'its mask is empty' })) };
}

const slashed = (fileName: string): string => fileName.replaceAll('\\', '/');

function annotation(shape: ExportShape, labels: readonly string[]): CocoAnnotation {
  const [height, width] = shape.mask.size;
  return {
    ...shape.extra,
    id: shape.id,
    image_id: shape.imageId,
    category_id: labels.indexOf(shape.label) + 1,
    segmentation: { size: [height, width], counts: compress(shape.mask) },
    area: maskArea(shape.mask),
    bbox: bboxOf(shape.mask),
    iscrowd: 0,
  };
}

/** x, y, width, height. */
function bboxOf(mask: Mask): [number, number, number, number] {
  const { x1, y1, x2, y2 } = maskBox(mask);
  return [x1, y1, x2 - x1, y2 - y1];
}

/** Writes the file after reading its own text back; a rule that it breaks is a fault of ours and stops it. */
export async function writeCoco(path: string, source: CocoSource): Promise<CocoExport> {
  const done = toCoco(source);
  const text = `${JSON.stringify(done.file, null, 1)}\n`;
  const [problem] = verifyCoco(JSON.parse(text));
  if (problem !== undefined) throw new Error(`${path}: not written, the COCO file would be wrong: ${problem}`);
  await writeFile(path, text);
  return done;
}

/** Every rule that COCO's readers hang on and that this file breaks, one sentence each; empty when it is right. */
export function verifyCoco(value: unknown): string[] {
  const parsed = CocoFile.safeParse(value);
  if (!parsed.success) return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const file = parsed.data;
  const images = new Map(file.images.map((image) => [image.id, image]));
  return [
    ...repeated(
      'image id',
      file.images.map((image) => image.id),
    ),
    ...repeated(
      'file_name',
      file.images.map((image) => image.file_name),
    ),
    ...repeated(
      'annotation id',
      file.annotations.map((each) => each.id),
    ),
    ...repeated(
      'category name',
      file.categories.map((category) => category.name),
    ),
    ...file.images.flatMap((image) => pathProblems(image.file_name)),
    ...file.categories.flatMap((category, i) =>
      category.id === i + 1 ? [] : [`category ${category.id}: ids must run 1, 2, 3 ... in order`],
    ),
    ...file.annotations.flatMap((each) => annotationProblems(each, images.get(each.image_id), file.categories.length)),
  ];
}

function repeated(what: string, values: readonly (string | number)[]): string[] {
  const seen = new Set<string | number>();
  const twice = new Set(values.filter((value) => seen.has(value) || !seen.add(value)));
  return [...twice].map((value) => `${what} ${value} is there more than once`);
}

function pathProblems(fileName: string): string[] {
  const portable = !fileName.includes('\\') && !/^(?:\/|[A-Za-z]:)/.test(fileName);
  return portable ? [] : [`file_name ${fileName}: must be a relative path with forward slashes`];
}

function annotationProblems(each: CocoAnnotation, image: CocoImage | undefined, categories: number): string[] {
  const say = (problem: string) => [`annotation ${each.id}: ${problem}`];
  if (image === undefined) return say(`image_id ${each.image_id} names no image`);
  if (each.category_id > categories) return say(`category_id ${each.category_id} names no category`);
  try {
    return maskProblems(each, image).flatMap(say);
  } catch (error) {
    if (error instanceof BadInput) return say(error.message);
    throw error;
  }
}

/** A `segmentation` as any file may hold it: run lengths either way (their own size counts) or polygons. */
export function parseSegmentation(value: unknown, width: number, height: number): Mask {
  if (!Array.isArray(value)) return parseRle(value);
  const rings = z.array(z.array(number)).safeParse(value);
  if (!rings.success) throw new BadInput('polygons: not a list of flat lists of numbers');
  return fromPolygons(rings.data, width, height);
}

/** Area and box must be those of the decoded pixels: evaluation bins and matches by them. */
function maskProblems(each: CocoAnnotation, image: CocoImage): string[] {
  const mask = parseSegmentation(each.segmentation, image.width, image.height);
  const [height, width] = mask.size;
  if (height !== image.height || width !== image.width) {
    return [`size [${mask.size}] is not the image's [height, width] [${image.height}, ${image.width}]`];
  }
  const [area, bbox] = [maskArea(mask), bboxOf(mask)];
  const problems = area > 0 ? [] : ['its mask is empty'];
  if (each.area !== area) problems.push(`area ${each.area} is not the mask's ${area}`);
  if (bbox.some((side, i) => side !== each.bbox[i])) problems.push(`bbox [${each.bbox}] is not the mask's [${bbox}]`);
  return problems;
}
