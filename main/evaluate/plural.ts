// Compares several objects that were found with several that are meant: F1 at IoU 0.5, share of right counts and gIoU of unions.
import { boxIou, type Frame } from '../contract/geometry.ts';
import type { Box, Mask } from '../contract/records.ts';
import { maskArea, maskBox, unionOf } from '../contract/rle.ts';
import { assign } from '../reward/assign.ts';
import { boxHit, gIoU, median, type Overlap, overlapOf } from './metrics.ts';

interface Match {
  readonly found: number;
  readonly meant: number;
  /** Pairs, one to one, whose boxes overlap by half. */
  readonly hits: number;
  /** IoU of the union of what was found with the union of what is meant. */
  readonly overlap: Overlap;
}

/** One prompt. */
export interface Matched extends Match {
  readonly format: number;
  readonly ms: number;
}

/** Fractions of 1, milliseconds. */
export interface PluralFigures {
  readonly count: number;
  readonly format: number;
  /** Over the boxes of all prompts: 2 hits / (found + meant). */
  readonly f1: number;
  /** Prompts that as many objects were found for as are meant, none included. */
  readonly countRight: number;
  readonly gIoU: number;
  readonly medianMs: number;
}

interface FoundObject {
  readonly box: Box;
  readonly mask: Mask;
}

/** The pairing with the most overlap; both lists may be empty. */
export function matchObjects(found: readonly FoundObject[], meant: readonly Mask[], picture: Frame): Match {
  const boxes = meant.map((mask) => (maskArea(mask) > 0 ? maskBox(mask) : null));
  const iou = (object: FoundObject, box: Box | null) => (box ? boxIou(object.box, box) : 0);
  const pairs =
    found.length * meant.length > 0 ? assign(found.map((one) => boxes.map((box) => 1 - iou(one, box)))) : [];
  const hits = pairs.filter(([i, j]) => {
    const object = found[i];
    return object !== undefined && boxHit(object.box, boxes[j] ?? null);
  }).length;
  const empty: Mask = { size: [picture.height, picture.width], counts: [picture.width * picture.height] };
  const overlap = overlapOf(unionOf(found.map(({ mask }) => mask)) ?? empty, unionOf(meant) ?? empty);
  return { found: found.length, meant: meant.length, hits, overlap };
}

export function pluralFigures(matched: readonly Matched[]): PluralFigures {
  const sum = (value: (one: Matched) => number) => matched.reduce((total, one) => total + value(one), 0);
  const count = Math.max(1, matched.length);
  const boxes = sum(({ found, meant }) => found + meant);
  return {
    count: matched.length,
    format: sum(({ format }) => format) / count,
    // Where nothing is meant and nothing found, nothing is wrong.
    f1: boxes === 0 ? 1 : (2 * sum(({ hits }) => hits)) / boxes,
    countRight: sum(({ found, meant }) => Number(found === meant)) / count,
    gIoU: gIoU(matched.map(({ overlap }) => overlap)),
    medianMs: median(matched.map(({ ms }) => ms)),
  };
}
