// Records of a COCO file, one after the other, to every rule that they break: those that its readers hang on.
import { z } from 'zod';
import { BadInput } from '../contract/badinput.ts';
import { parseRle } from '../contract/cocoMask.ts';
import { fromPolygon, fromPolygons } from '../contract/polygon.ts';
import type { Mask } from '../contract/records.ts';
import { maskArea, maskBox, sharedArea, union } from '../contract/rle.ts';

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
export type CocoImage = z.infer<typeof CocoImage>;
export type CocoAnnotation = z.infer<typeof CocoAnnotation>;
export type CocoCategory = z.infer<typeof CocoCategory>;

/** The five keys of a file; readers that do without one are rarer than those that do not. */
const Head = z.object({
  info: z.looseObject({}),
  licenses: z.array(z.unknown()),
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(z.unknown()),
});

/** One annotation that keeps the form, with the mask that its pixels make. */
export interface Checked {
  readonly annotation: CocoAnnotation;
  readonly mask: Mask;
}

/** Give it the images and categories, then the annotations, then the head. Memory grows with the ids alone. */
export class CocoRules {
  readonly #frames = new Map<number, readonly [width: number, height: number]>();
  readonly #names = new Set<string>();
  readonly #categories = new Set<string>();
  readonly #annotations = new Set<number>();
  #crowds = 0;

  get images(): number {
    return this.#frames.size;
  }

  get annotations(): number {
    return this.#annotations.size;
  }

  image(value: unknown, index: number): string[] {
    const parsed = CocoImage.safeParse(value);
    if (!parsed.success) return formProblems(parsed.error, 'images', index);
    const { id, file_name: name, width, height } = parsed.data;
    const problems = pathProblems(name);
    if (this.#frames.has(id)) problems.push(`image id ${id} is there more than once`);
    if (this.#names.has(name)) problems.push(`file_name ${name} is there more than once`);
    this.#frames.set(id, [width, height]);
    this.#names.add(name);
    return problems;
  }

  category(value: unknown, index: number): string[] {
    const parsed = CocoCategory.safeParse(value);
    if (!parsed.success) return formProblems(parsed.error, 'categories', index);
    const { id, name } = parsed.data;
    const problems = id === index + 1 ? [] : [`category ${id}: ids must run 1, 2, 3 ... in order`];
    if (this.#categories.has(name)) problems.unshift(`category name ${name} is there more than once`);
    this.#categories.add(name);
    return problems;
  }

  /** `seen` is handed the annotation where its mask could be decoded. */
  annotation(value: unknown, index: number, seen: (checked: Checked) => void = () => {}): string[] {
    const parsed = CocoAnnotation.safeParse(value);
    if (!parsed.success) return formProblems(parsed.error, 'annotations', index);
    const annotation = parsed.data;
    const say = (problem: string) => [`annotation ${annotation.id}: ${problem}`];
    const twice = this.#annotations.has(annotation.id);
    this.#annotations.add(annotation.id);
    this.#crowds += annotation.iscrowd;
    if (twice) return [`annotation id ${annotation.id} is there more than once`];
    const frame = this.#frames.get(annotation.image_id);
    if (frame === undefined) return say(`image_id ${annotation.image_id} names no image`);
    if (annotation.category_id > this.#categories.size) {
      return say(`category_id ${annotation.category_id} names no category`);
    }
    try {
      const mask = parseSegmentation(annotation.segmentation, ...frame);
      seen({ annotation, mask });
      return maskProblems(annotation, mask, frame).flatMap(say);
    } catch (error) {
      if (error instanceof BadInput) return say(error.message);
      throw error;
    }
  }

  /** What only the whole shows. `head`: the file's keys with their values; of the lists only that they are lists. */
  end(head: Readonly<Record<string, unknown>>): string[] {
    const parsed = Head.safeParse(head);
    const problems = parsed.success ? [] : parsed.error.issues.map(sentence);
    if (this.#annotations.size > 0 && this.#crowds === this.#annotations.size) {
      problems.push('every annotation is a crowd (iscrowd 1): evaluation finds nothing and trainers drop all of them');
    }
    return problems;
  }
}

const formProblems = (error: z.ZodError, list: string, index: number): string[] =>
  error.issues.map((issue) => sentence({ ...issue, path: [list, index, ...issue.path] }));

const sentence = (issue: { path: PropertyKey[]; message: string }): string =>
  `${issue.path.join('.') || 'the file'}: ${issue.message.endsWith('received undefined') ? 'is missing' : issue.message}`;

function pathProblems(fileName: string): string[] {
  const inside = !/(?:^|\/)\.\.(?:\/|$)/.test(fileName);
  const portable = inside && !fileName.includes('\\') && !/^(?:\/|[A-Za-z]:)/.test(fileName);
  return portable ? [] : [`file_name ${fileName}: must be a relative path with forward slashes`];
}

/** A `segmentation` as any file may hold it: run lengths either way (their own size counts) or polygons. */
export function parseSegmentation(value: unknown, width: number, height: number): Mask {
  if (!Array.isArray(value)) return parseRle(value);
  return fromPolygons(parseRings(value), width, height);
}

function parseRings(value: unknown): number[][] {
  const rings = z.array(z.array(number)).safeParse(value);
  if (!rings.success) throw new BadInput('polygons: not a list of flat lists of numbers');
  return rings.data;
}

/** Area and box must be those of the decoded pixels: evaluation bins and matches by them. */
function maskProblems(each: CocoAnnotation, mask: Mask, [width, height]: readonly [number, number]): string[] {
  if (height !== mask.size[0] || width !== mask.size[1]) {
    return [`size [${mask.size}] is not the image's [height, width] [${height}, ${width}]`];
  }
  const [area, bbox] = [maskArea(mask), bboxOf(mask)];
  const problems = area > 0 ? [] : ['its mask is empty'];
  if (each.area !== area) problems.push(`area ${each.area} is not the mask's ${area}`);
  if (bbox.some((side, i) => side !== each.bbox[i])) problems.push(`bbox [${each.bbox}] is not the mask's [${bbox}]`);
  if (Array.isArray(each.segmentation)) problems.push(...holeProblems(parseRings(each.segmentation), width, height));
  return problems;
}

/** x, y, width, height. */
export function bboxOf(mask: Mask): [number, number, number, number] {
  const { x1, y1, x2, y2 } = maskBox(mask);
  return [x1, y1, x2 - x1, y2 - y1];
}

/** A ring inside another is meant as a hole, but is drawn over it and lost. */
function holeProblems(rings: readonly number[][], width: number, height: number): string[] {
  if (rings.length < 2) return [];
  const parts = rings.map((ring) => fromPolygon(ring, width, height));
  return lostParts(parts).map((i) => `polygon ${i + 1} lies inside the others; holes need run lengths`);
}

/** Numbers of the parts that add nothing to the others. */
export function lostParts(parts: readonly Mask[]): number[] {
  const numbers = parts.map((_, i) => i);
  return numbers.filter((i) => {
    const part = parts[i];
    const [first, ...rest] = parts.filter((_, j) => j !== i);
    return part && first && maskArea(part) > 0 && sharedArea(part, union(first, ...rest)) === maskArea(part);
  });
}
