// Computes COCO's average precision and recall of detections, number for number as its own evaluation does.
import type { Mask } from '../contract/records.ts';
import { maskArea, maskIou } from '../contract/rle.ts';

/** Box as the file has it: sides computed from corners differ in the last bits, which decide where an IoU is a threshold. */
type Bbox = readonly [x: number, y: number, width: number, height: number];

/** What is compared: `kind` of the evaluation says which of box and mask. */
interface Thing {
  readonly imageId: number;
  readonly categoryId: number;
  readonly bbox: Bbox;
  readonly mask: Mask | null;
}

export interface TrueThing extends Thing {
  /** Decides between small, medium and large. */
  readonly area: number;
  readonly crowd: boolean;
}

export interface Detection extends Thing {
  readonly score: number;
}

export interface ApOptions {
  readonly kind: 'bbox' | 'segm';
  readonly useCategories: boolean;
  /** Ascending; precision is that of the last. */
  readonly maxDetections: readonly number[];
}

export interface CocoAp {
  /** AP, AP50, AP75, AP small, medium, large; AR at each count of detections, AR small, medium, large. -1: no such. */
  readonly stats: number[];
  /** Precision by category, then by IoU threshold 0.50, 0.55 ... 0.95; all sizes. */
  readonly perCategory: Map<number, number[]>;
  /** Mean over the categories at each threshold. */
  readonly perThreshold: number[];
  /** Recall by threshold and category. */
  readonly recall: number[][];
  /** Precision at recall 0, 0.01 ... 1 for a threshold and the n-th category. */
  precisionAt(threshold: number, category: number): number[];
}

/** numpy's `linspace`, to the last bit: an IoU that lies exactly on a threshold counts as the reference counts it. */
export const linspace = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i === count - 1 ? to : i * ((to - from) / (count - 1)) + from));

const THRESHOLDS = linspace(0.5, 0.95, 10);
const RECALLS = linspace(0, 1, 101);
/** The first number is that at 100 detections, or none. */
const STATED_AT = 100;
const HUGE = 1e10;
/** Bounds of area in pixels, both counted in. */
const SIZES = { all: [0, HUGE], small: [0, 32 ** 2], medium: [32 ** 2, 96 ** 2], large: [96 ** 2, HUGE] } as const;
type Size = keyof typeof SIZES;

/** One cell of the evaluation: precision at each recall by threshold, and the recall reached. -1: nothing to find. */
interface Cell {
  readonly precision: number[][];
  readonly recall: number[];
}

export function cocoAp(truth: readonly TrueThing[], detections: readonly Detection[], options: ApOptions): CocoAp {
  const { useCategories, maxDetections } = options;
  const categories = useCategories
    ? [...new Set(truth.map(({ categoryId }) => categoryId))].toSorted((a, b) => a - b)
    : [-1];
  const pairs = categories.map((category) => pairsOf(truth, detections, { category, options }));
  const cells = new Map<string, Cell[]>();
  const cellsFor = (size: Size, most: number): Cell[] => {
    const key = `${size} ${most}`;
    const known = cells.get(key) ?? pairs.map((images) => cellOf(images.map((image) => matched(image, size, most))));
    cells.set(key, known);
    return known;
  };
  const most = maxDetections.at(-1) ?? 100;
  const all = cellsFor('all', most);
  const precision = (size: Size, thresholds: readonly number[]) =>
    meanOf(cellsFor(size, most).flatMap((cell) => thresholds.flatMap((t) => cell.precision[t] ?? [])));
  const recall = (size: Size, count: number) => meanOf(cellsFor(size, count).flatMap((cell) => cell.recall));
  const every = THRESHOLDS.map((_, t) => t);
  const sizes = ['small', 'medium', 'large'] as const;
  return {
    stats: [
      ...[
        maxDetections.includes(STATED_AT) ? precision('all', every) : -1,
        precision('all', [0]),
        precision('all', [5]),
      ],
      ...sizes.map((size) => precision(size, every)),
      ...maxDetections.map((count) => recall('all', count)),
      ...sizes.map((size) => recall(size, most)),
    ],
    perCategory: new Map(
      categories.map((category, c) => [category, every.map((t) => meanOf(all[c]?.precision[t] ?? []))]),
    ),
    perThreshold: every.map((t) => precision('all', [t])),
    recall: every.map((t) => all.map((cell) => cell.recall[t] ?? -1)),
    precisionAt: (threshold, category) => all[category]?.precision[threshold] ?? [],
  };
}

/** -1 stands for "nothing to find" and counts in no mean. */
function meanOf(values: readonly number[]): number {
  const counted = values.filter((value) => value > -1);
  return counted.length === 0 ? -1 : counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

/** Truth and detections of one image and category with their overlaps [detection][truth]. */
interface Pairs {
  readonly truth: readonly TrueThing[];
  readonly found: readonly Detection[];
  readonly areas: readonly number[];
  readonly ious: readonly (readonly number[])[];
}

function pairsOf(
  truth: readonly TrueThing[],
  detections: readonly Detection[],
  { category, options }: { category: number; options: ApOptions },
): Pairs[] {
  const { kind, maxDetections } = options;
  const isOne = ({ categoryId }: Thing) => category === -1 || categoryId === category;
  // Where categories do not count, the reference takes them one after the other all the same, which decides between equals.
  const inOrder = <T extends Thing>(things: readonly T[]): T[] =>
    things.filter(isOne).toSorted((a, b) => a.categoryId - b.categoryId);
  const byImage = groups(inOrder(truth));
  const foundByImage = groups(inOrder(detections));
  const ids = [...new Set([...byImage.keys(), ...foundByImage.keys()])].toSorted((a, b) => a - b);
  return ids.map((id) => {
    const there = byImage.get(id) ?? [];
    const found = (foundByImage.get(id) ?? []).toSorted((a, b) => b.score - a.score).slice(0, maxDetections.at(-1));
    const areas = found.map(({ bbox, mask }) => (kind === 'segm' && mask ? maskArea(mask) : areaOf(bbox)));
    return { truth: there, found, areas, ious: found.map((one) => there.map((other) => overlap(one, other, kind))) };
  });
}

function groups<T extends Thing>(things: readonly T[]): Map<number, T[]> {
  const grouped = new Map<number, T[]>();
  for (const thing of things) {
    const group = grouped.get(thing.imageId);
    if (group === undefined) grouped.set(thing.imageId, [thing]);
    else group.push(thing);
  }
  return grouped;
}

function overlap(one: Detection, other: TrueThing, kind: ApOptions['kind']): number {
  const { crowd } = other;
  if (kind === 'bbox') return bboxIou(one.bbox, other.bbox, crowd);
  return one.mask && other.mask ? maskIou(one.mask, other.mask, { crowd }) : 0;
}

const areaOf = ([, , width, height]: Bbox): number => width * height;

/** Computes in the order of the reference's arithmetic, so that it rounds as the reference does. */
function bboxIou(one: Bbox, other: Bbox, crowd: boolean): number {
  const [width, height] = [sharedLength(one, other, 0), sharedLength(one, other, 1)];
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (crowd ? areaOf(one) : areaOf(one) + areaOf(other) - shared);
}

/** Along x (0) or y (1). */
function sharedLength(one: Bbox, other: Bbox, axis: 0 | 1): number {
  const side = axis === 0 ? 2 : 3;
  return Math.min(one[side] + one[axis], other[side] + other[axis]) - Math.max(one[axis], other[axis]);
}

/** What became of each detection of one image, by threshold. */
interface Matched {
  readonly scores: number[];
  /** [threshold][detection] */
  readonly hit: boolean[][];
  readonly passedOver: boolean[][];
  /** Things that were to be found. */
  readonly wanted: number;
}

function matched({ truth, found, areas, ious }: Pairs, size: Size, most: number): Matched {
  const [least, largest] = SIZES[size];
  const isOutside = (area: number) => area < least || area > largest;
  const ignored = truth.map(({ crowd, area }) => crowd || isOutside(area));
  // Those that count come first: a detection prefers them.
  const order = truth.map((_, g) => g).toSorted((a, b) => Number(ignored[a]) - Number(ignored[b]));
  const kept = found.slice(0, most);
  const outcomes = THRESHOLDS.map((threshold) => {
    const taken = new Set<number>();
    return kept.map((_, d) => {
      const [overlaps, area] = [ious[d], areas[d]];
      if (!overlaps || area === undefined) throw new Error(`Detection ${d} was not compared with the truth.`);
      const g = matchFor(overlaps, { threshold, order, ignored, taken, truth });
      if (g === null) return { hit: false, passedOver: isOutside(area) };
      taken.add(g);
      return { hit: true, passedOver: ignored[g] === true };
    });
  });
  return {
    scores: kept.map(({ score }) => score),
    hit: outcomes.map((row) => row.map(({ hit }) => hit)),
    passedOver: outcomes.map((row) => row.map(({ passedOver }) => passedOver)),
    wanted: ignored.filter((each) => !each).length,
  };
}

interface Search {
  readonly threshold: number;
  readonly order: readonly number[];
  readonly ignored: readonly boolean[];
  readonly taken: ReadonlySet<number>;
  readonly truth: readonly TrueThing[];
}

/** The best thing that is free; of equals the last. A crowd may be taken any number of times. */
function matchFor(ious: readonly number[], { threshold, order, ignored, taken, truth }: Search): number | null {
  let best = Math.min(threshold, 1 - 1e-10);
  let match: number | null = null;
  for (const g of order) {
    if (taken.has(g) && !truth[g]?.crowd) continue;
    if (match !== null && !ignored[match] && ignored[g]) break;
    const iou = ious[g];
    if (iou === undefined) throw new Error(`Thing ${g} was not compared with the detection.`);
    if (iou < best) continue;
    best = iou;
    match = g;
  }
  return match;
}

/** All images of a category together. */
function cellOf(images: readonly Matched[]): Cell {
  const wanted = images.reduce((sum, image) => sum + image.wanted, 0);
  const none = THRESHOLDS.map(() => RECALLS.map(() => -1));
  if (wanted === 0) return { precision: none, recall: THRESHOLDS.map(() => -1) };
  const all = images.flatMap(({ scores }, i) => scores.map((score, d) => ({ score, i, d })));
  const ranked = all.toSorted((a, b) => b.score - a.score);
  const curves = THRESHOLDS.map((_, t) => {
    const counted = ranked.filter(({ i, d }) => !images[i]?.passedOver[t]?.[d]);
    return curveOf(
      counted.map(({ i, d }) => images[i]?.hit[t]?.[d] === true),
      wanted,
    );
  });
  return { precision: curves.map(({ precision }) => precision), recall: curves.map(({ recall }) => recall) };
}

/** Hits in the order of their scores to precision at 101 recalls, each the best that this recall or a higher one has. */
function curveOf(hits: readonly boolean[], wanted: number): { precision: number[]; recall: number } {
  let right = 0;
  const points = hits.map((hit, i) => {
    right += Number(hit);
    return { recall: right / wanted, precision: right / (i + 1 + Number.EPSILON) };
  });
  let best = 0;
  const envelope = points.toReversed().map(({ precision }) => {
    best = Math.max(best, precision);
    return best;
  });
  envelope.reverse();
  const precision = RECALLS.map((recall) => {
    const at = points.findIndex((point) => point.recall >= recall);
    // A recall that is never reached has precision 0.
    return envelope[at] ?? 0;
  });
  return { precision, recall: points.at(-1)?.recall ?? 0 };
}
