// The terms that a person is shown of a reward: those that its authors count, by name, and their sum is the total.
import { describe, expect, it } from 'vitest';
import { type DrawnObjects, rewarderOf } from '../../main/learn/adapter/answerRewards.ts';
import { type RecipeName, recipes } from '../../main/weights/recipe.ts';
import { sampleOf, side, teachingImages } from './teaching.ts';

const seen = { frame: { width: side, height: side }, size: { width: side, height: side } };
const [image] = teachingImages(1);
const [sample] = image?.samples ?? [];
const [thing] = image?.things ?? [];

const think = '<think>It is left.</think>';
const box = thing ? [thing.box.x1, thing.box.y1, thing.box.x2, thing.box.y2] : [];
const fenced = `\`\`\`json\n[{"bbox_2d": ${JSON.stringify(box)}, "label": "cat"}]\n\`\`\``;
const answers = {
  nothing: 'I do not know.',
  boxed: fenced,
  reasoned: `${think}<answer>${fenced}</answer>`,
  pointed: `${think}<answer>${JSON.stringify({ bbox: box, points_1: [30, 30], points_2: [31, 31] })}</answer>`,
  listed: `${think}<answer>${JSON.stringify([{ bbox_2d: box, point_2d: [30, 30] }])}</answer>`,
};

const counted = {
  'lens-released': ['box', 'mask'],
  'lens-reasonseg-cot': ['format', 'box', 'mask'],
  'lens-loupe': ['format', 'box', 'mask'],
  'seg-zero': ['thinking', 'format', 'overlap', 'corners', 'points'],
  'vision-reasoner': ['format', 'accuracy', 'no repeats'],
} as const satisfies Partial<Record<RecipeName, readonly string[]>>;

describe.each(Object.keys(counted) as (keyof typeof counted)[])('the terms of %s', (name) => {
  const earning = sample ? rewarderOf(recipes[name])?.(sample, seen) : null;
  if (!earning || !thing) throw new Error('The sample earns nothing.');
  const [meant] = earning.meant;
  const drawings: (DrawnObjects | undefined)[] = [undefined, { named: [thing], mask: meant?.mask ?? null }];

  it.each(Object.entries(answers))('are its authors’ own and sum up to the total: %s', (_, text) => {
    for (const drawn of drawings) {
      const { total, terms } = earning.rewardOf(text, drawn);
      expect(Object.keys(terms).toSorted()).toEqual([...counted[name]].toSorted());
      expect(Object.values(terms).reduce((sum, term) => sum + term, 0)).toBeCloseTo(total, 6);
    }
  });

  it('count a mask that is drawn where the checkpoint draws by itself, and nowhere else', () => {
    const [bare, drawn] = drawings.map((each) => earning.rewardOf(answers.boxed, each));
    const draws = name.startsWith('lens');
    expect((drawn?.total ?? 0) > (bare?.total ?? 0)).toBe(draws);
    expect(drawn?.terms.mask).toEqual(draws ? expect.closeTo(1, 4) : undefined);
  });

  it('hold answers against what the sample shows, and nothing where it shows nothing', () => {
    expect(earning.meant.map((one) => one.mask.size)).toEqual([[side, side]]);
    const nothing = rewarderOf(recipes[name])?.(sampleOf(1, 'horse', []), seen) ?? null;
    expect(nothing === null).toBe(name !== 'lens-loupe');
  });
});
