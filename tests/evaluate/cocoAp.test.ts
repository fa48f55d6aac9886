import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRle } from '../../main/contract/cocoMask.ts';
import type { Mask } from '../../main/contract/records.ts';
import { type ApOptions, cocoAp, type Detection, linspace, type TrueThing } from '../../main/evaluate/cocoAp.ts';
import { parseSegmentation } from '../../main/formats/coco/cocoRules.ts';
import { goldenJson, haveGolden } from '../golden.ts';

type Bbox = TrueThing['bbox'];
const bboxOf = ([x = 0, y = 0, width = 0, height = 0]: readonly number[]): Bbox => [x, y, width, height];
const options: ApOptions = { kind: 'bbox', useCategories: true, maxDetections: [1, 10, 100] };

const thing = (imageId: number, categoryId: number, bbox: Bbox): TrueThing => ({
  ...{ imageId, categoryId, bbox, mask: null, crowd: false },
  area: bbox[2] * bbox[3],
});
const found = (other: TrueThing, score: number): Detection => ({ ...other, score });

const anyThings = fc.array(
  fc.record({
    image: fc.integer({ min: 1, max: 4 }),
    category: fc.integer({ min: 1, max: 3 }),
    sides: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 4, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('cocoAp', () => {
  test('the truth as prediction is perfect, whatever the scores', () => {
    fc.assert(
      fc.property(anyThings, (drawn) => {
        const truth = drawn.map(({ image, category, sides }) => thing(image, category, bboxOf(sides)));
        // Two things on the same place could take each other's match.
        const places = new Set(truth.map((each) => JSON.stringify([each.imageId, each.categoryId, each.bbox])));
        fc.pre(places.size === truth.length);
        const { stats } = cocoAp(
          truth,
          truth.map((each, i) => found(each, 1 / (i + 1))),
          options,
        );
        expect(stats.slice(0, 3)).toEqual([1, 1, 1].map((one) => expect.closeTo(one, 9)));
      }),
    );
  });

  test('no detections find nothing; no truth has no number', () => {
    const [one] = [thing(1, 1, [0, 0, 10, 10])];
    expect(cocoAp([one], [], options).stats.slice(0, 3)).toEqual([0, 0, 0]);
    expect(cocoAp([], [found(one, 1)], options).stats).toEqual(Array(12).fill(-1));
  });

  test('a wrong detection before a right one halves the precision', () => {
    const one = thing(1, 1, [0, 0, 10, 10]);
    const wrong = found(thing(1, 1, [50, 50, 10, 10]), 0.9);
    expect(cocoAp([one], [wrong, found(one, 0.5)], options).stats[0]).toBeCloseTo(0.5, 12);
    expect(cocoAp([one], [found(one, 0.9), { ...wrong, score: 0.5 }], options).stats[0]).toBeCloseTo(1, 12);
  });

  test('of equal scores the lower category comes first where categories do not count, as in the reference', () => {
    const one = thing(1, 2, [0, 0, 10, 10]);
    const [right, wrong] = [found(one, 0.5), found(thing(1, 1, [50, 50, 10, 10]), 0.5)];
    const blind = { ...options, useCategories: false };
    expect(cocoAp([one], [right, wrong], blind).stats[0]).toBeCloseTo(0.5, 12);
    const last = found(thing(1, 3, [50, 50, 10, 10]), 0.5);
    expect(cocoAp([one], [last, right], blind).stats[0]).toBeCloseTo(1, 12);
  });

  test('what falls on a crowd is no mistake', () => {
    const one = thing(1, 1, [0, 0, 10, 10]);
    const crowd = { ...thing(1, 1, [20, 0, 60, 60]), crowd: true };
    const inside = found(thing(1, 1, [30, 10, 20, 20]), 0.9);
    expect(cocoAp([one, crowd], [inside, found(one, 0.5)], options).stats[0]).toBeCloseTo(1, 12);
  });
});

interface Run {
  name?: string;
  kind: 'bbox' | 'segm';
  use_categories: boolean;
  max_detections: number[];
  stats: number[];
  per_category: Record<string, { ap: number; ap50: number; ap75: number }>;
  ap_per_threshold: number[];
  precision_at_iou_0_5_first_category: number[];
  recall: number[][];
}
interface Golden {
  runs: Run[];
  annotation_masks: { id: number; area: number; compressed: string }[];
}
interface Annotation {
  id: number;
  image_id: number;
  category_id: number;
  iscrowd: number;
  bbox: number[];
  area: number;
  segmentation: unknown;
}

describe.skipIf(!haveGolden)('golden metrics/coco-ap.json', () => {
  const golden = haveGolden ? goldenJson<Golden>('metrics', 'coco-ap.json') : { runs: [], annotation_masks: [] };
  const read = () => {
    const gt = goldenJson<{ images: { id: number; width: number; height: number }[]; annotations: Annotation[] }>(
      'metrics',
      'coco-gt.json',
    );
    const sizes = new Map(gt.images.map((image) => [image.id, image]));
    const truth = gt.annotations.map((each) => {
      const { width, height } = sizes.get(each.image_id) ?? { width: 0, height: 0 };
      const mask = parseSegmentation(each.segmentation, width, height);
      return {
        ...each,
        imageId: each.image_id,
        categoryId: each.category_id,
        bbox: bboxOf(each.bbox),
        mask,
        crowd: each.iscrowd === 1,
      };
    });
    const results = goldenJson<(Annotation & { score: number })[]>('metrics', 'coco-detections.json');
    const detections = results.map((each) => ({
      ...{ imageId: each.image_id, categoryId: each.category_id, score: each.score },
      ...{ bbox: bboxOf(each.bbox), mask: parseRle(each.segmentation) },
    }));
    return { truth, detections };
  };
  const close = (values: number[]) => values.map((value) => expect.closeTo(value, 9));

  test.each(
    golden.runs.map(
      (run) => [`${run.kind} ${run.use_categories} ${run.max_detections} ${run.name ?? ''}`, run] as const,
    ),
  )('%s', (_, run) => {
    const { truth, detections: all } = read();
    const own = truth.filter(({ crowd }) => !crowd).map((each) => ({ ...each, score: 1 }));
    const named: Record<string, Detection[]> = { 'targets as predictions': own, 'one detection': all.slice(0, 1) };
    const detections = named[run.name ?? ''] ?? all;
    const { kind, use_categories: useCategories, max_detections: maxDetections } = run;
    const result = cocoAp(truth, detections, { kind, useCategories, maxDetections });
    expect(result.stats).toEqual(close(run.stats));
    expect(result.perThreshold).toEqual(close(run.ap_per_threshold));
    expect(result.precisionAt(0, 0)).toEqual(close(run.precision_at_iou_0_5_first_category));
    expect(result.recall).toEqual(run.recall.map(close));
    for (const [category, { ap, ap50, ap75 }] of Object.entries(useCategories ? run.per_category : {})) {
      const values = result.perCategory.get(Number(category)) ?? [];
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect([mean, values[0], values[5]]).toEqual(close([ap, ap50, ap75]));
    }
  });
});

/** Which of the ten thresholds a detection of score 0.9 reaches. */
const reached = (truth: TrueThing, detection: TrueThing, kind: ApOptions['kind'] = 'bbox'): number =>
  cocoAp([truth], [found(detection, 0.9)], { ...options, kind }).recall.filter(([recall]) => recall === 1).length;

describe('an IoU exactly on a threshold', () => {
  const twentieths = Array.from({ length: 11 }, (_, i) => 10 + i);

  test.each(twentieths)('%i/20 is found at it and below, one pixel in 10,000 less only below', (k) => {
    const whole = thing(1, 1, [7, 5, 100, 100]);
    const most = Math.min(10, k - 9);
    expect(reached(whole, thing(1, 1, [7, 5, 5 * k, 100]))).toBe(most);
    expect(reached(thing(1, 1, [7, 5, 5 * k, 100]), whole)).toBe(most);
    expect(reached(thing(1, 1, [0, 0, 20, 1]), thing(1, 1, [0, 0, k, 1]))).toBe(most);
    const rows = (full: number, rest: number): Mask => ({
      size: [100, 100],
      counts: rest === 0 ? [0, 100 * full] : [0, 100 * full + rest, 100 * (100 - full) - rest],
    });
    const masked = (mask: Mask): TrueThing => ({ ...whole, mask });
    expect(reached(masked(rows(100, 0)), masked(rows(5 * k, 0)), 'segm')).toBe(most);
    const less = k === 20 ? 10 : k - 10;
    expect(reached(masked(rows(100, 0)), masked(rows(5 * k - 1, 99)), 'segm')).toBe(less);
    expect(reached(whole, thing(1, 1, [7, 5, 100, 5 * k - 0.01]))).toBe(less);
  });

  // What pycocotools 2.0 gives: the quotient of fractional sides lies a few bits to this or that side of k/20.
  test.each<[Bbox, width: number, thresholds: number]>([
    [[347.92, 360.77, 2, 21.59], 1, 0],
    [[153.2, 155.18, 2, 85.54], 1.1, 1],
    [[152.811, 257.18, 6, 83.74], 3.5999999999999996, 2],
    [[262.5, 21.41, 2, 25.62], 1.4000000000000001, 4],
    [[426.13, 194.23, 22, 73.32], 16.5, 5],
    [[100.772, 189.02, 246.8, 44.38], 222.12, 8],
    [[19.9, 382.36, 1.4000000000000001, 8.62], 1.33, 9],
    [[284.6, 127.53, 0.2, 45.59], 0.1, 1],
    [[79.104, 126.18, 22, 1.76], 12.100000000000001, 2],
    [[56.55, 191.19, 6.666666666666666, 51.12], 4.333333333333333, 4],
    [[216.3, 13.81, 2, 58.38], 1.4000000000000001, 5],
    [[322.5, 157.68, 0.2, 45.44], 0.16, 7],
    [[358.13, 362.53, 246.8, 65.59], 222.12, 9],
    [[97.6, 93.76, 2, 57.08], 1.9000000000000001, 10],
  ])('%j beside its left %d: %i thresholds', (whole, width, thresholds) => {
    const [x, y, , height] = whole;
    expect(reached(thing(1, 1, whole), thing(1, 1, [x, y, width, height]))).toBe(thresholds);
  });

  test('of two things with that very IoU the last is taken, and the other stays for the next detection', () => {
    const [left, right] = [thing(1, 1, [0, 0, 20, 10]), thing(1, 1, [0, 10, 20, 10])];
    const between = thing(1, 1, [0, 5, 20, 10]);
    const two = cocoAp([left, right], [found(between, 0.9), found(left, 0.8)], options);
    // The first reaches 1/3 of each and nothing; a second one on the left finds it at every threshold.
    expect(two.recall.map(([recall]) => recall)).toEqual(Array(10).fill(0.5));
    const [up, down] = [thing(1, 1, [0, 0, 11, 20]), thing(1, 1, [9, 0, 11, 20])];
    const both = cocoAp([up, down], [found(thing(1, 1, [0, 0, 20, 20]), 0.9), found(up, 0.8)], options);
    expect(both.recall.map(([recall]) => recall)).toEqual([1, 1, ...Array(8).fill(0.5)]);
  });
});

describe('thresholds', () => {
  test('are those of numpy to the last bit', () => {
    expect(linspace(0.5, 0.95, 10)).toEqual([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95]);
    expect(linspace(0, 1, 101)[35]).toBe(0.35000000000000003);
    expect(linspace(0, 1, 101)[100]).toBe(1);
  });
});
