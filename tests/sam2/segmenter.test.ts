// Around the segmenter's graph: clicks into its frame, the choice of a mask, logits at the picture's size.
import { describe, expect, it } from 'vitest';
import { resizeFloat } from '../../models/nn/resample.ts';
import { chooseMask, clickData, enlargeLogits, rankAlternatives, stability } from '../../models/sam2/segmenter.ts';
import { goldenJson, haveGolden } from '../golden.ts';
import { largestDifference } from '../tensors.ts';
import { tinySam2 } from './fixture.ts';

interface Selection {
  delta: number;
  cases: {
    name: string;
    shape: [number, number, number];
    masks: number[];
    iou: number[];
    stability: number;
    index: number;
  }[];
}

describe.skipIf(!haveGolden)('against the original', () => {
  const { delta, cases } = haveGolden ? goldenJson<Selection>('sam2-tiny', 'selection.json') : { delta: 0, cases: [] };

  it.each(cases.map((one) => [one.name, one] as const))('selects in the case %s', (_, one) => {
    const masks = Float32Array.from(one.masks);
    const first = masks.subarray(0, masks.length / one.iou.length);
    expect(stability(first, delta)).toBeCloseTo(one.stability, 12);
    expect(chooseMask(masks, one.iou)).toBe(one.index);
  });

  it('chooses for every prompt and ranks the alternatives', async () => {
    const { json, prompts } = await tinySam2();
    for (const one of json.prompts) {
      const masks = await prompts.floats(`${one.name}.masks`);
      expect(stability(masks.subarray(0, masks.length / 4)), one.name).toBeCloseTo(one.stability, 6);
      expect(chooseMask(masks, one.iou), one.name).toBe(one.single_eval_index);
      expect(rankAlternatives(one.iou), one.name).toEqual(one.multimask_by_iou);
    }
  });

  it('brings masks to the picture’s size', async () => {
    const { json, prompts } = await tinySam2();
    const wanted = json.prompts.flatMap((one) => one.full_size.map((full) => ({ ...full, name: one.name })));
    expect(wanted.length).toBeGreaterThan(0);
    let worst = 0;
    for (const { name, tensor, hw, mask_index: index } of wanted) {
      const masks = await prompts.floats(`${name}.masks`);
      const one = masks.slice((index * masks.length) / 4, ((index + 1) * masks.length) / 4);
      const full = enlargeLogits(one, { height: hw[0], width: hw[1] });
      worst = Math.max(worst, largestDifference(full, await prompts.floats(tensor)));
    }
    expect(worst).toBeLessThan(json.tolerance.full_size);
  });

  it('scales boxes and clicks as the predictor does', async () => {
    const { json, config } = await tinySam2();
    const picture = { height: json.original_hw[0], width: json.original_hw[1] };
    const clicked = json.prompts.filter(({ inputs }) => inputs.orig_box);
    expect(clicked.length).toBeGreaterThan(0);
    for (const { name, inputs } of clicked) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = inputs.orig_box ?? [];
      const points = (inputs.orig_points ?? []).map(([x, y], i) => ({ x, y, inside: inputs.labels?.[i + 2] === 1 }));
      const { at, labels } = clickData({ box: { x1, y1, x2, y2 }, points }, picture, config.imageSize);
      expect(largestDifference(at, inputs.points?.flat() ?? []), name).toBeLessThan(1e-4);
      expect([...labels].map(Number), name).toEqual(inputs.labels);
    }
  });
});

describe('stability', () => {
  it('compares the pixels surely inside with those possibly inside', () => {
    expect(stability(Float32Array.of(1, 1, 1, 0, -1))).toBe(0.75);
    expect(stability(Float32Array.of(-1, -2))).toBe(1);
    expect(stability(Float32Array.of(0.01, -0.01))).toBe(0);
  });

  it('is strict at its limits', () => {
    expect(stability(Float32Array.of(0.25, 1, 1, 1), 0.25)).toBe(0.75);
    expect(stability(Float32Array.of(-0.25, 1, 1, 1), 0.25)).toBe(1);
  });
});

describe('the choice of a mask', () => {
  const sure = [9, 9, -9, -9];
  const unsure = [9, 0, -9, -9];
  const others = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3];

  it('is mask 0 while it is stable, whatever the others promise', () => {
    expect(chooseMask(Float32Array.from([...sure, ...others]), [0, 0.9, 0.9, 0.9])).toBe(0);
  });

  it('is the best of the others when mask 0 is not, and the first of equals', () => {
    expect(chooseMask(Float32Array.from([...unsure, ...others]), [0.99, 0.1, 0.3, 0.2])).toBe(2);
    expect(chooseMask(Float32Array.from([...unsure, ...others]), [0.99, 0.1, 0.3, 0.3])).toBe(2);
  });

  it('refuses logits that are not whole masks', () => {
    expect(() => chooseMask(new Float32Array(7), [0, 0, 0, 0])).toThrow('chooseMask: 7 logits');
    expect(() => chooseMask(new Float32Array(8), [])).toThrow('0 predicted IoUs');
  });
});

describe('clicks', () => {
  it('put the box first and scale each axis on its own', () => {
    const box = { x1: 10, y1: 20, x2: 100, y2: 50 };
    const points = [
      { x: 50, y: 25, inside: true },
      { x: 0, y: 50, inside: false },
    ];
    const { at, labels } = clickData({ box, points }, { width: 100, height: 50 }, 200);
    expect([...at]).toEqual([20, 80, 200, 200, 100, 100, 0, 200]);
    expect([...labels]).toEqual([2n, 3n, 1n, 0n]);
  });

  it('may be none', () => {
    const { at, labels } = clickData({}, { width: 10, height: 10 }, 64);
    expect([at.length, labels.length]).toEqual([0, 0]);
  });
});

describe('enlarged logits', () => {
  it('are those of the general resize, up and down', () => {
    const data = Float32Array.from({ length: 144 }, (_, i) => Math.sin(i * i));
    for (const [height, width] of [
      [5, 31],
      [12, 12],
      [40, 7],
      [1, 1],
    ] as const) {
      const planes = { channels: 1, height: 12, width: 12, data };
      const expected = resizeFloat(planes, { height, width }, { antialias: false }).data;
      expect(largestDifference(enlargeLogits(data, { height, width }), expected)).toBeLessThan(1e-6);
    }
  });

  it('come from square masks only', () => {
    expect(() => enlargeLogits(new Float32Array(12), { height: 2, width: 2 })).toThrow(
      '12 logits are not a square mask',
    );
  });

  it('keep a plane that is a slope', () => {
    const slope = Float32Array.from({ length: 64 }, (_, i) => i % 8);
    const wide = enlargeLogits(slope, { height: 3, width: 16 });
    const row = Array.from({ length: 16 }, (_, x) => Math.min(7, Math.max(0, (x + 0.5) / 2 - 0.5)));
    expect(largestDifference(wide, [...row, ...row, ...row])).toBeLessThan(1e-6);
  });

  it('fill a picture of 4000 x 3000 in a moment', () => {
    const logits = Float32Array.from({ length: 256 * 256 }, (_, i) => Math.sin(i));
    const best = Math.min(
      ...[0, 1, 2].map(() => {
        const start = performance.now();
        expect(enlargeLogits(logits, { height: 3000, width: 4000 })).toHaveLength(12_000_000);
        return performance.now() - start;
      }),
    );
    expect(best).toBeLessThan(1000); // about 60 ms on an idle machine
  });
});
