// Records of a COCO file, one after the other, to every rule that they break: those that its readers hang on.
import { z } from 'zod';
import { BadInput } from '../contract/badinput.ts';
import { parseRle } from '../contract/cocoMask.ts';
import { same } from '../contract/equal.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon, fromPolygons } from '../contract/polygon.ts';
import type { Mask } from '../contract/records.ts';
import { maskArea, maskBox, sharedArea, union } from '../contract/rle.ts';
import { type Fields, isFields, wholeOf, yesOf } from './values.ts';

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

export interface AnnotationContext {
  /** The annotation of the file that its shape came from, where nobody touched the shape: its area and box are right. */
  readonly own?: Fields | null;
  /** Is handed the annotation where its mask could be decoded. */
  readonly seen?: (checked: Checked) => void;
}

/** Give it the images and categories, then the annotations, then the head. Memory grows with the ids alone. */
export class CocoRules {
  readonly #frames = new Map<number, readonly [width: number, height: number]>();
  readonly #names = new Set<string>();
  readonly #categories = new Map<number, string>();
  readonly #categoryNames = new Set<string>();
  readonly #annotations = new Set<number>();
  #crowds = 0;

  get images(): number {
    return this.#frames.size;
  }

  get annotations(): number {
    return this.#annotations.size;
  }

  /** `own`: it is as the file had it that the project came from; then only what others refer to is looked at. */
  image(value: unknown, index: number, own = false): string[] {
    const parsed = CocoImage.safeParse(own && isFields(value) ? { file_name: 'own', ...value, id: 1 } : value);
    if (!parsed.success) return formProblems(parsed.error, 'images', index);
    const { file_name: name, width, height } = parsed.data;
    const id = own && isFields(value) ? (wholeOf(value.id) ?? 0) : parsed.data.id;
    const problems = own ? [] : pathProblems(name);
    if (this.#frames.has(id)) problems.push(`image id ${id} is there more than once`);
    if (this.#names.has(name)) problems.push(`file_name ${name} is there more than once`);
    this.#frames.set(id, [width, height]);
    this.#names.add(name);
    return problems;
  }

  /** COCO's own file has gaps between the ids of its categories. */
  category(value: unknown, index: number, own = false): string[] {
    if (own && isFields(value)) {
      this.#categories.set(wholeOf(value.id) ?? 0, String(value.name));
      return [];
    }
    const parsed = CocoCategory.safeParse(value);
    if (!parsed.success) return formProblems(parsed.error, 'categories', index);
    const { id, name } = parsed.data;
    const problems = this.#categories.has(id) ? [`category id ${id} is there more than once`] : [];
    if (this.#categoryNames.has(name)) problems.unshift(`category name ${name} is there more than once`);
    this.#categories.set(id, name);
    this.#categoryNames.add(name);
    return problems;
  }

  /** What a category id stands for. */
  categoryName(id: number): string | null {
    return this.#categories.get(id) ?? null;
  }

  annotation(value: unknown, index: number, { own = null, seen = () => {} }: AnnotationContext = {}): string[] {
    if (own !== null && isFields(value) && isAsItWas(own, value)) return this.#references(value);
    const parsed = CocoAnnotation.safeParse(value);
    if (!parsed.success) return formProblems(parsed.error, 'annotations', index);
    const annotation = parsed.data;
    const say = (problem: string) => [`annotation ${annotation.id}: ${problem}`];
    const wrong = this.#references(annotation);
    const frame = this.#frames.get(annotation.image_id);
    if (frame === undefined || wrong.length > 0) return wrong;
    try {
      const mask = parseSegmentation(annotation.segmentation, ...frame);
      seen({ annotation, mask });
      return maskProblems(annotation, { mask, frame, own }).flatMap(say);
    } catch (error) {
      if (error instanceof BadInput) return say(error.message);
      throw error;
    }
  }

  /** Whether its id is its own, and image and category are there. */
  #references(annotation: Fields): string[] {
    const [id, imageId, categoryId] = ['id', 'image_id', 'category_id'].map((key) => wholeOf(annotation[key]) ?? 0);
    const twice = this.#annotations.has(id ?? 0);
    this.#annotations.add(id ?? 0);
    this.#crowds += Number(yesOf(annotation.iscrowd));
    if (twice) return [`annotation id ${id} is there more than once`];
    if (!this.#frames.has(imageId ?? 0)) return [`annotation ${id}: image_id ${imageId} names no image`];
    if (!this.#categories.has(categoryId ?? 0))
      return [`annotation ${id}: category_id ${categoryId} names no category`];
    return [];
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

interface Around {
  readonly mask: Mask;
  readonly frame: readonly [width: number, height: number];
  readonly own: Fields | null;
}

/** Area and box must be those of the decoded pixels, or of the polygons themselves: evaluation bins and matches by them. */
function maskProblems(each: CocoAnnotation, { mask, frame: [width, height], own }: Around): string[] {
  if (height !== mask.size[0] || width !== mask.size[1]) {
    return [`size [${mask.size}] is not the image's [height, width] [${height}, ${width}]`];
  }
  const [area, bbox] = [maskArea(mask), bboxOf(mask)];
  const rings = Array.isArray(each.segmentation) ? parseRings(each.segmentation) : null;
  const drawn = rings && measured(rings, { width, height });
  const problems = area > 0 || each.box_only === true ? [] : ['its mask is empty'];
  if (each.area !== area && each.area !== own?.area && !(drawn && isAreaOf(each.area, { ...drawn, pixels: area })))
    problems.push(`area ${each.area} is not the mask's ${area}`);
  const isOwn = same(each.bbox, own?.bbox) || same(each.bbox, bbox);
  if (!isOwn && !(drawn && each.bbox.every((side, i) => Math.abs(side - (drawn.bbox[i] ?? 0)) <= TOLD)))
    problems.push(`bbox [${each.bbox}] is not the mask's [${bbox}]`);
  if (rings !== null && !same(each.segmentation, own?.segmentation))
    problems.push(...holeProblems(rings, width, height));
  return problems;
}

const GEOMETRY = ['segmentation', 'area', 'bbox', 'iscrowd', 'ignore'];

const isAsItWas = (own: Fields, value: Fields): boolean =>
  GEOMETRY.every((key) => own[key] === undefined || same(own[key], value[key]));

/** What COCO's own file rounds its numbers to. */
const TOLD = 0.011;

interface Measures {
  readonly area: number;
  readonly length: number;
  readonly bbox: readonly number[];
}

/** Area, length of the outline and box of polygons as they are drawn, before they become pixels. */
function measured(rings: readonly number[][], { width, height }: Frame): Measures {
  let [area, length] = [0, 0];
  const [xs, ys] = [[] as number[], [] as number[]];
  for (const ring of rings) {
    let doubled = 0;
    for (let i = 0; i < ring.length; i += 2) {
      const [x = 0, y = 0, toX = ring[0] ?? 0, toY = ring[1] ?? 0] = ring.slice(i, i + 4);
      doubled += x * toY - toX * y;
      length += Math.hypot(toX - x, toY - y);
      xs.push(Math.min(Math.max(x, 0), width));
      ys.push(Math.min(Math.max(y, 0), height));
    }
    area += Math.abs(doubled) / 2;
  }
  const range = (values: readonly number[]) =>
    values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)] as const, [values[0] ?? 0, values[0] ?? 0] as const);
  const [[x1, x2], [y1, y2]] = [range(xs), range(ys)];
  return { area, length, bbox: [x1, y1, x2 - x1, y2 - y1] };
}

/** A ring that crosses itself has a smaller one than it draws: it may differ by the pixels on the outline, and no more. */
const isAreaOf = (stated: number, { area, length, pixels }: Measures & { readonly pixels: number }): boolean =>
  Math.abs(stated - area) <= TOLD + area * 1e-4 && Math.abs(area - pixels) <= length + 1 && 2 * area >= pixels;

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
