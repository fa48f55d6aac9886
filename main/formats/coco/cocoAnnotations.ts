// Writes shapes as annotations of a COCO file: those that nobody changed as they were, all others from their masks and boxes.
import { BadInput } from '../../contract/badInput.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { ExportSettings } from '../../contract/jobs.ts';
import { fewPolygons, fullPolygons, outlinesOf } from '../../contract/outline.ts';
import { fromPolygon, fromPolygons } from '../../contract/polygon.ts';
import { type PackedMask, packMask, unpackMask } from '../../contract/project.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { maskArea, maskIou, union } from '../../contract/rle.ts';
import type { Fields } from '../reading/values.ts';
import {
  bboxOfBox,
  completed,
  type FileRecord,
  fieldsOf,
  patched,
  rounded,
  withExtra,
  withoutGeometry,
} from './cocoRecord.ts';
import { bboxOf, lostParts } from './cocoRules.ts';

const LEAST_IOU = 0.98;
const MOST_SENTENCES = 1000;
/** Each part is compared with all others. */
const MOST_RINGS = 20;
/** A mask with more corners along its pixels is shorter as run lengths. */
const MOST_CORNERS = 1000;

export interface OutShape {
  readonly id: number;
  readonly imageId: number;
  readonly category: number;
  readonly mask: PackedMask | null;
  readonly box: Box;
  /** Size of its image. */
  readonly frame: Frame;
  readonly crowd: boolean;
  /** Written beside COCO's own keys, never instead of them. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly record?: FileRecord;
}

/** What stands for a mask in the file; `drawn` is what readers will decode it to. */
interface Segmentation {
  readonly segmentation: number[][] | PackedMask;
  readonly drawn: Mask;
  /** IoU of polygons that do not draw the mask exactly with the mask. */
  readonly iou?: number;
  /** Box of a shape that has no mask. */
  readonly box?: Box;
}

function placed({ segmentation, drawn, iou, box }: Segmentation, { crowd }: OutShape): Fields {
  // The box of run lengths is that of their pixels.
  const exact = crowd ? undefined : box;
  return {
    ...(box && { box_only: true }),
    ...(iou !== undefined && { polygon_iou: iou }),
    segmentation,
    area: exact ? rounded((exact.x2 - exact.x1) * (exact.y2 - exact.y1)) : maskArea(drawn),
    bbox: exact ? bboxOfBox(exact) : bboxOf(drawn),
    iscrowd: crowd ? 1 : 0,
  };
}

/** The corners that a person drew, where COCO's readers make the same mask of them. */
function drawnRings({ rings = [] }: PackedMask, mask: Mask): Segmentation | null {
  if (rings.length === 0 || rings.length > MOST_RINGS) return null;
  const [height, width] = mask.size;
  const parts = rings.map((ring) => fromPolygon(ring, width, height));
  const [first, ...rest] = parts;
  const isSame = first !== undefined && maskIou(union(first, ...rest), mask) === 1 && lostParts(parts).length === 0;
  return isSame ? { segmentation: rings, drawn: mask } : null;
}

/**
 * The corners along the pixels, where they draw the mask and are not longer than its run lengths would be. Fewer corners
 * hardly ever draw every pixel of what a person drew, and to look for them took five times as long.
 */
function exactPolygons(mask: Mask, outlines: ReturnType<typeof outlinesOf>): Segmentation | null {
  const corners = outlines.reduce((sum, { points }) => sum + points.length / 2, 0);
  if (outlines.length !== 1 || corners > MOST_CORNERS) return null;
  const { rings, drawn, iou } = fullPolygons(mask, outlines);
  return iou === 1 ? { segmentation: rings, drawn } : null;
}

export class Annotations {
  readonly #masks: ExportSettings['masks'];
  readonly #sentences: string[] = [];
  #more = 0;
  #simplified = 0;
  /** Ids by mask, of the image that is being written. */
  readonly #masksOfImage = new Map<string, { readonly id: number; readonly isOwn: boolean }>();
  #imageId: number | null = null;
  #worst = 1;
  polygons = 0;

  constructor(masks: ExportSettings['masks']) {
    this.#masks = masks;
  }

  /**
   * The annotation as JSON. Null where there is nothing to write, or where what is stored cannot be read: that costs one
   * shape, not the file.
   */
  of(shape: OutShape): string | null {
    try {
      const { record, id, imageId, category } = shape;
      const ids = { id, image_id: imageId, category_id: category };
      if (id === 0)
        this.#state('annotation 0 keeps the id of its file; pycocotools counts a match with it as none: count from 1');
      const where = record === undefined ? this.#where(shape) : null;
      const written = record
        ? this.#again(shape, record, ids)
        : where && JSON.stringify({ ...shape.extra, ...ids, ...where });
      if (written !== null) this.#tellTwice(shape);
      return written;
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      return this.#skip(`shape ${shape.id} is left out: ${error.message}`);
    }
  }

  /** Two alike that came so from a file are that file's own; shapes of one image come one after the other. */
  #tellTwice({ id, imageId, mask, record }: OutShape): void {
    if (mask === null) return;
    if (this.#imageId !== imageId) this.#masksOfImage.clear();
    this.#imageId = imageId;
    const [isOwn, before] = [record?.geometry !== true, this.#masksOfImage.get(mask.counts)];
    if (before && (isOwn || before.isOwn))
      this.#state(`annotation ${id} has the same mask as annotation ${before.id} of its image; both are written`);
    if (!before || isOwn) this.#masksOfImage.set(mask.counts, { id, isOwn });
  }

  /** Writes the record as it stands in the file that it came from, except for what was changed here. */
  #again(shape: OutShape, { text, geometry, said }: FileRecord, ids: Fields): string | null {
    const fields = fieldsOf(text);
    const own = said ? fields : withExtra(fields, shape.extra);
    if (!geometry) {
      const where = this.#where(shape);
      return where && JSON.stringify({ ...withoutGeometry(own), ...ids, ...where });
    }
    const where = { ...completed(fields, shape), ...this.#otherForm(fields.segmentation, shape) };
    if (Array.isArray(where.segmentation ?? fields.segmentation)) this.polygons++;
    return said ? patched(text, { ...ids, ...where }) : JSON.stringify({ ...own, ...ids, ...where });
  }

  /** Writes the other form where every mask is wanted in one form and the file has it in the other. */
  #otherForm(segmentation: unknown, shape: OutShape): Fields {
    const { mask, crowd } = shape;
    if (mask === null || this.#masks === 'auto') return {};
    if (this.#masks === 'run lengths')
      return Array.isArray(segmentation) ? { segmentation: { size: mask.size, counts: mask.counts } } : {};
    if (crowd || Array.isArray(segmentation)) return {};
    const found = this.#ofMask(shape, mask);
    if (found?.iou === undefined) return found === null ? {} : { segmentation: found.segmentation };
    return placed(found, shape);
  }

  /** Writes mask, area, box and crowd of what was drawn or changed here. */
  #where(shape: OutShape): Fields | null {
    const found = shape.mask ? this.#ofMask(shape, shape.mask) : this.#ofBox(shape);
    if (found === null) return null;
    if (Array.isArray(found.segmentation)) this.polygons++;
    return placed(found, shape);
  }

  /** Readers of masks fail on an object without one, so a box is written as the polygon of its four corners. */
  #ofBox({ id, box, crowd, frame }: OutShape): Segmentation | null {
    const across = (x: number) => Math.min(Math.max(x, 0), frame.width);
    const down = (y: number) => Math.min(Math.max(y, 0), frame.height);
    const [x1, y1, x2, y2] = [across(box.x1), down(box.y1), across(box.x2), down(box.y2)];
    const rings = [[x1, y1, x2, y1, x2, y2, x1, y2]];
    const drawn = fromPolygons(rings, frame.width, frame.height);
    const isEmpty = crowd ? maskArea(drawn) === 0 : !(x2 > x1 && y2 > y1);
    if (isEmpty) return this.#skip(`shape ${id} has only a box, and no part of it is on the picture: left out`);
    this.#state(`shape ${id} has only a box: its four corners are written as its polygon (box_only)`);
    return { segmentation: crowd ? packMask(drawn) : rings, drawn, box: { x1, y1, x2, y2 } };
  }

  #ofMask({ id, crowd }: OutShape, packed: PackedMask): Segmentation | null {
    const mask = unpackMask(packed);
    if (maskArea(mask) === 0) return this.#skip(`shape ${id} is left out: its mask is empty`);
    const runs = { segmentation: { size: packed.size, counts: packed.counts }, drawn: mask };
    if (crowd || this.#masks === 'run lengths') return runs;
    const own = drawnRings(packed, mask);
    if (own !== null) return own;
    const outlines = outlinesOf(mask);
    const plain = outlines.length === 1;
    if (!plain && this.#masks === 'auto') return runs;
    const holes = outlines.filter(({ hole }) => hole).length;
    if (this.#masks === 'auto') return exactPolygons(mask, outlines) ?? runs;
    const few = holes > 0 ? null : fewPolygons(mask, LEAST_IOU, outlines);
    const { rings, drawn, iou } = few ?? fullPolygons(mask, outlines);
    if (holes > 0) {
      this.#state(
        `shape ${id} lost ${holes === 1 ? 'its hole' : `its ${holes} holes`} as polygons: IoU ${iou.toFixed(4)}`,
      );
    } else if (iou < 1) {
      this.#simplified++;
      this.#worst = Math.min(this.#worst, iou);
    }
    return { segmentation: rings, drawn, ...(iou < 1 && { iou: Math.floor(iou * 1e6) / 1e6 }) };
  }

  #skip(sentence: string): null {
    this.#state(sentence);
    return null;
  }

  get stated(): string[] {
    const all = [...this.#sentences];
    if (this.#more > 0) all.push(`and ${this.#more} more sentences like these`);
    if (this.#simplified > 0) {
      const masks =
        this.#simplified === 1
          ? '1 mask is a polygon that differs'
          : `${this.#simplified} masks are polygons that differ`;
      all.push(
        `${masks} from ${this.#simplified === 1 ? 'it' : 'them'} a little: IoU at least ${this.#worst.toFixed(4)}`,
      );
    }
    return all;
  }

  #state(sentence: string): void {
    if (this.#sentences.length < MOST_SENTENCES) this.#sentences.push(sentence);
    else this.#more++;
  }
}
