import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRle } from '../../main/contract/cocoMask.ts';
import type { Box } from '../../main/contract/records.ts';
import { type ApOptions, cocoAp, type Detection, linspace, type TrueThing } from '../../main/evaluate/cocoAp.ts';
import { parseSegmentation } from '../../main/formats/cocoRules.ts';
import { goldenJson, haveGolden } from '../golden.ts';

const boxOf = ([x = 0, y = 0, width = 0, height = 0]: number[]): Box => ({
  x1: x,
  y1: y,
  x2: x + width,
  y2: y + height,
});
const options: ApOptions = { kind: 'bbox', useCategories: true, maxDetections: [1, 10, 100] };

const thing = (imageId: number, categoryId: number, box: Box): TrueThing => ({
  ...{ imageId, categoryId, box, mask: null, crowd: false },
  area: (box.x2 - box.x1) * (box.y2 - box.y1),
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
        const truth = drawn.map(({ image, category, sides }) => thing(image, category, boxOf(sides)));
        // Two things on the same place could take each other's match.
        const places = new Set(truth.map((each) => JSON.stringify([each.imageId, each.categoryId, each.box])));
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
    const [one] = [thing(1, 1, boxOf([0, 0, 10, 10]))];
    expect(cocoAp([one], [], options).stats.slice(0, 3)).toEqual([0, 0, 0]);
    expect(cocoAp([], [found(one, 1)], options).stats).toEqual(Array(12).fill(-1));
  });

  test('a wrong detection before a right one halves the precision', () => {
    const one = thing(1, 1, boxOf([0, 0, 10, 10]));
    const wrong = found(thing(1, 1, boxOf([50, 50, 10, 10])), 0.9);
    expect(cocoAp([one], [wrong, found(one, 0.5)], options).stats[0]).toBeCloseTo(0.5, 12);
    expect(cocoAp([one], [found(one, 0.9), { ...wrong, score: 0.5 }], options).stats[0]).toBeCloseTo(1, 12);
  });

  test('what falls on a crowd is no mistake', () => {
    const one = thing(1, 1, boxOf([0, 0, 10, 10]));
    const crowd = { ...thing(1, 1, boxOf([20, 0, 60, 60])), crowd: true };
    const inside = found(thing(1, 1, boxOf([30, 10, 20, 20])), 0.9);
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
        box: boxOf(each.bbox),
        mask,
        crowd: each.iscrowd === 1,
      };
    });
    const results = goldenJson<(Annotation & { score: number })[]>('metrics', 'coco-detections.json');
    const detections = results.map((each) => ({
      ...{ imageId: each.image_id, categoryId: each.category_id, score: each.score },
      ...{ box: boxOf(each.bbox), mask: parseRle(each.segmentation) },
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

describe('thresholds', () => {
  test('are those of numpy to the last bit', () => {
    expect(linspace(0.5, 0.95, 10)).toEqual([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95]);
    expect(linspace(0, 1, 101)[35]).toBe(0.35000000000000003);
    expect(linspace(0, 1, 101)[100]).toBe(1);
  });
});
