// Checks the records of a COCO file, one after the other, and names every rule that they break.
import { z } from 'zod';
import { BadInput } from '../../contract/badInput.ts';
import { parseRle } from '../../contract/cocoMask.ts';
import { same } from '../../contract/equal.ts';
import type { Frame } from '../../contract/geometry.ts';
import { fromPolygon, fromPolygons } from '../../contract/polygon.ts';
import type { Mask } from '../../contract/records.ts';
import { maskArea, maskBox, sharedArea, union } from '../../contract/rle.ts';
import { pointsOf } from '../reading/rings.ts';
import { type Fields, isFields, wholeOf, yesOf } from '../reading/values.ts';

/** Files of other tools count from 0, so 0 breaks no rule; an export tells of an annotation 0, whose match pycocotools' evaluation counts as none. */
const id = z.int().min(0);
const number = z.number();
/** COCO's own names. */
const CocoImage = z.looseObject({ id, file_name: z.string().min(1), width: z.int().min(1), height: z.int().min(1) });
const CocoAnnotation = z.looseObject({
  id,
  image_id: id,
  category_id: id,
  segmentation: z.unknown().optional(),
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
  /** Whether it has its id from there, whatever number that is. */
  readonly hasItsId?: boolean;
  /** Called with the annotation where its mask could be decoded. */
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
  #boxes = 0;

  /** Annotations without a mask. */
  get boxes(): number {
    return this.#boxes;
  }

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
    const id = own && isFields(value) ? idsOf(value).id : parsed.data.id;
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
      this.#categories.set(idsOf(value).id, String(value.name));
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

  annotation(value: unknown, index: number, context: AnnotationContext = {}): string[] {
    // Where a person's own file gave the id, the export has said so when it was kept.
    const isZero = context.hasItsId !== true && isFields(value) && idsOf(value).id === 0;
    const problems = this.#annotation(value, index, context);
    return isZero ? [...problems, UNMATCHED] : problems;
  }

  #annotation(value: unknown, index: number, context: AnnotationContext): string[] {
    const { own = null, hasItsId = false, seen = () => {} } = context;
    if (isFields(value) && isLoneBox(value)) this.#boxes++;
    if (own !== null && isFields(value) && isAsItWas(own, value)) return this.#references(value);
    const parsed = CocoAnnotation.safeParse(hasItsId && isFields(value) ? { ...value, ...FROM_ONE } : value);
    if (!parsed.success) return formProblems(parsed.error, 'annotations', index);
    const annotation = hasItsId && isFields(value) ? { ...parsed.data, ...idsOf(value) } : parsed.data;
    const say = (problem: string) => [`annotation ${annotation.id}: ${problem}`];
    const wrong = this.#references(annotation);
    const frame = this.#frames.get(annotation.image_id);
    if (frame === undefined || wrong.length > 0) return wrong;
    if (isLoneBox(annotation)) return boxProblems(annotation).flatMap(say);
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
    const { id, image_id: imageId, category_id: categoryId } = idsOf(annotation);
    const twice = this.#annotations.has(id);
    this.#annotations.add(id);
    this.#crowds += Number(yesOf(annotation.iscrowd));
    if (twice) return [`annotation id ${id} is there more than once`];
    if (!this.#frames.has(imageId)) return [`annotation ${id}: image_id ${imageId} names no image`];
    if (!this.#categories.has(categoryId)) return [`annotation ${id}: category_id ${categoryId} names no category`];
    return [];
  }

  /** Checks what only the whole shows. `head`: the file's keys with their values; of the lists only that they are lists. */
  end(head: Readonly<Record<string, unknown>>): string[] {
    const parsed = Head.safeParse(head);
    const problems = parsed.success ? [] : parsed.error.issues.map(sentence);
    if (this.#annotations.size > 0 && this.#crowds === this.#annotations.size) {
      problems.push('every annotation is a crowd (iscrowd 1): evaluation finds nothing and trainers drop all of them');
    }
    return problems;
  }
}

/** It writes the id of the annotation that a detection matches in the place of 0, which means none (`COCOeval.evaluateImg`). */
const UNMATCHED =
  'annotation 0: pycocotools takes a match with the id 0 for none, so in its evaluation this object is always missed; any other id that is free is counted';

const FROM_ONE = { id: 1, image_id: 1, category_id: 1 };

/** Any whole numbers; NaN where there is none, which equals no id. */
function idsOf(value: Fields): typeof FROM_ONE {
  const [id = Number.NaN, image_id = Number.NaN, category_id = Number.NaN] = Object.keys(FROM_ONE).map(
    (key) => wholeOf(value[key]) ?? Number.NaN,
  );
  return { id, image_id, category_id };
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

/** A box without a mask: an empty list, null or nothing where the mask would stand. */
export const isLoneBox = ({ segmentation }: Fields): boolean =>
  segmentation === undefined || segmentation === null || (Array.isArray(segmentation) && segmentation.length === 0);

function boxProblems({ area, bbox: [, , width, height] }: CocoAnnotation): string[] {
  if (!(width > 0 && height > 0)) return ['it has no mask, and its bbox is empty'];
  return area > 0 ? [] : [`area ${area} is that of nothing, though its bbox is not empty`];
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
  if (!isOwn && !(drawn && each.bbox.every((side, i) => Math.abs(side - (drawn.bbox[i] ?? Number.NaN)) <= TOLD)))
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
  let [x1, y1, x2, y2] = [width, height, 0, 0];
  for (const ring of rings) {
    let doubled = 0;
    const points = pointsOf(ring);
    let from = points.at(-1);
    for (const to of points) {
      if (from !== undefined) {
        doubled += from.x * to.y - to.x * from.y;
        length += Math.hypot(to.x - from.x, to.y - from.y);
      }
      const [x, y] = [Math.min(Math.max(to.x, 0), width), Math.min(Math.max(to.y, 0), height)];
      [x1, y1, x2, y2] = [Math.min(x1, x), Math.min(y1, y), Math.max(x2, x), Math.max(y2, y)];
      from = to;
    }
    area += Math.abs(doubled) / 2;
  }
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
