// The unified reward by hand, and every reward of every golden answer.
import { describe, expect, test } from 'vitest';
import { firstBox } from '../../main/contract/answer.ts';
import type { Box } from '../../main/contract/records.ts';
import { fromBitmap } from '../../main/contract/rle.ts';
import {
  boxReward,
  formatReward,
  groundingFormat,
  maskReward,
  thinkFormat,
  unifiedReward,
} from '../../main/reward/lens.ts';
import { segZeroReward } from '../../main/reward/segZero.ts';
import { visionReasonerReward } from '../../main/reward/visionReasoner.ts';
import { vlmR1Reward } from '../../main/reward/vlmR1.ts';
import { goldenJson, haveGolden } from '../golden.ts';

const toBox = ([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[]): Box => ({ x1, y1, x2, y2 });
const maskOf = (rows: readonly string[]) =>
  fromBitmap(Uint8Array.from(rows.join(''), Number), rows[0]?.length ?? 0, rows.length);

const said = (body: string) => `<think>a dog</think><answer>${body}</answer>`;
const target = { box: toBox([0, 0, 4, 4]), mask: maskOf(['1100', '1100']) };
const nothing = { box: null, mask: null };

describe('the unified reward', () => {
  test('is the sum of format, squared box overlap and squared mask overlap', () => {
    const rollout = { text: said('[{"bbox_2d": [0, 0, 4, 2], "label": "dog"}]'), mask: maskOf(['1110', '1100']) };
    const reward = unifiedReward(rollout, target, { dialect: 'loupe' });
    expect(reward).toMatchObject({ format: 1, box: 0.25 });
    expect(reward.mask).toBeCloseTo(0.64, 5);
    expect(reward.total).toBeCloseTo(1.89, 5);
  });

  test('plain overlaps, and only the terms that a recipe counts', () => {
    const rollout = { text: said('[0, 0, 4, 2]'), mask: maskOf(['1110', '1100']) };
    const reward = unifiedReward(rollout, target, { dialect: 'loupe', squared: false, terms: ['box', 'mask'] });
    expect(reward.box).toBe(0.5);
    expect(reward.mask).toBeCloseTo(0.8, 5);
    expect(reward.format).toBe(1);
    expect(reward.total).toBeCloseTo(1.3, 5);
  });

  test('an unreadable answer loses format and box but keeps its mask', () => {
    const rollout = { text: said('somewhere on the left'), mask: target.mask };
    expect(unifiedReward(rollout, target, { dialect: 'loupe' })).toMatchObject({ format: 0, box: 0 });
    expect(unifiedReward(rollout, target, { dialect: 'loupe' }).mask).toBeCloseTo(1, 5);
    expect(unifiedReward(rollout, target, { dialect: 'released' }).format).toBe(1);
  });

  test('saying that nothing matches pays only where nothing does', () => {
    const denial = { text: said('```json\n[]\n```'), mask: null };
    expect(unifiedReward(denial, nothing, { dialect: 'loupe' })).toEqual({ format: 1, box: 1, mask: 1, total: 3 });
    expect(unifiedReward(denial, target, { dialect: 'loupe' })).toEqual({ format: 1, box: 0, mask: 0, total: 1 });
    const claim = { text: said('[0, 0, 4, 4]'), mask: target.mask };
    expect(unifiedReward(claim, nothing, { dialect: 'loupe' })).toEqual({ format: 1, box: 0, mask: 0, total: 1 });
    const broken = { text: 'dog', mask: maskOf(['0000', '0000']) };
    expect(unifiedReward(broken, nothing, { dialect: 'loupe' })).toEqual({ format: 0, box: 0, mask: 1, total: 1 });
  });

  test('the dialect decides whether a box in the reasoning counts', () => {
    const text = '<think>not [9, 9, 12, 12]</think><answer>[0, 0, 4, 4]</answer>';
    expect(unifiedReward({ text, mask: null }, target, { dialect: 'loupe' }).box).toBe(1);
    expect(unifiedReward({ text, mask: null }, target, { dialect: 'released' }).box).toBe(0);
  });

  test('format: tags in order, from the start; readable for loupe', () => {
    expect(formatReward(said('[]'), 'loupe')).toBe(1);
    expect(formatReward(` ${said('[]')}`, 'loupe')).toBe(0);
    expect(formatReward('<answer>[]</answer>', 'loupe')).toBe(0);
    expect(formatReward(said('x'), 'released')).toBe(1);
  });
});

test('patterns that would backtrack answer at once', () => {
  const start = performance.now();
  const text = `<think></think><answer>${'{[1,2,3,4]'.repeat(3000)}`;
  vlmR1Reward(text, { box: toBox([0, 0, 1, 1]), input: { width: 1, height: 1 }, image: { width: 1, height: 1 } });
  thinkFormat('<think>'.repeat(20_000));
  expect(performance.now() - start).toBeLessThan(1000);
});

interface GroundTruth {
  lens_box: number[];
  segzero: string;
  vision_reasoner: { bbox_2d: number[]; point_2d: [number, number] }[];
  vlm_r1: { box: number[]; input_hw: [number, number]; image_hw: [number, number] };
}

interface SegZeroExpected {
  think: number;
  format: number;
  iou: number;
  box_l1: number;
  points: number;
  total: number;
}

interface AnswerCase {
  name: string;
  text: string;
  ground_truth: number;
  exotic?: boolean;
  expect: {
    lens_reward: number | null;
    think_format: number;
    grounding_format: number;
    segzero_strict: SegZeroExpected;
    segzero_soft: SegZeroExpected;
    vision_reasoner: { format: number; accuracy: number; non_repeat: number; total: number };
    vlm_r1: { format: number; iou: number };
  };
}

describe.skipIf(!haveGolden)('golden rewards/answers.json', () => {
  const { cases, ground_truths, tolerance } = haveGolden
    ? goldenJson<{ cases: AnswerCase[]; ground_truths: GroundTruth[]; tolerance: number }>('rewards', 'answers.json')
    : { cases: [], ground_truths: [], tolerance: 0 };
  const plain = cases.filter((each) => !each.exotic);
  const truth = (each: AnswerCase): GroundTruth => {
    const found = ground_truths[each.ground_truth];
    if (found === undefined) throw new Error(`${each.name}: no ground truth ${each.ground_truth}`);
    return found;
  };
  const close = (actual: Record<string, number>, expected: Record<string, number>) => {
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      expect(Math.abs((actual[key] ?? Number.NaN) - value), key).toBeLessThanOrEqual(tolerance);
    }
  };

  test.each(plain)('LENS: $name', (each) => {
    const text = each.text.replaceAll('<|endoftext|>', '');
    const actual = {
      lens_reward: boxReward(firstBox(text), toBox(truth(each).lens_box)),
      think_format: thinkFormat(each.text),
      grounding_format: groundingFormat(each.text),
    };
    const { lens_reward, think_format, grounding_format } = each.expect;
    close(actual, { lens_reward: lens_reward ?? 0, think_format, grounding_format });
  });

  test.each(plain)('Seg-Zero: $name', (each) => {
    const numbers = truth(each).segzero.match(/\d+/g)?.map(Number) ?? [];
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = numbers.slice(4);
    const goal = { box: toBox(numbers), points: [[x1, y1] as const, [x2, y2] as const] as const };
    for (const strict of [true, false]) {
      const { boxL1, points, total, ...rest } = segZeroReward(each.text, goal, { strict });
      close({ ...rest, box_l1: boxL1, points, total }, { ...each.expect[strict ? 'segzero_strict' : 'segzero_soft'] });
    }
  });

  test.each(plain)('VisionReasoner: $name', (each) => {
    const goals = truth(each).vision_reasoner.map((thing) => ({ box: toBox(thing.bbox_2d), point: thing.point_2d }));
    const { nonRepeat, total, ...rest } = visionReasonerReward(each.text, goals);
    close({ ...rest, non_repeat: nonRepeat, total }, { ...each.expect.vision_reasoner });
  });

  test.each(plain)('VLM-R1: $name', (each) => {
    const { box, input_hw, image_hw } = truth(each).vlm_r1;
    const frame = ([height, width]: [number, number]) => ({ width, height });
    const goal = { box: toBox(box), input: frame(input_hw), image: frame(image_hw) };
    close({ ...vlmR1Reward(each.text, goal) }, { ...each.expect.vlm_r1 });
  });
});

interface MaskCase {
  prediction: string[];
  target: string[];
  iou: number;
  reward: number;
}

describe.skipIf(!haveGolden)('golden rewards/mask-iou.json', () => {
  const { cases, tolerance } = haveGolden
    ? goldenJson<{ cases: MaskCase[]; tolerance: number }>('rewards', 'mask-iou.json')
    : { cases: [], tolerance: 0 };

  test.each(cases.map((each, i) => ({ ...each, i })))('case $i', (each) => {
    const [prediction, goal] = [maskOf(each.prediction), maskOf(each.target)];
    expect(Math.abs(maskReward(prediction, goal) - each.reward)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(maskReward(prediction, goal, false) - each.iou)).toBeLessThanOrEqual(tolerance);
  });
});
