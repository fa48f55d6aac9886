// What answers about several things earn, and that naming everything, mere form and contradictions earn no more than honesty.
import { describe, expect, it } from 'vitest';
import type { Box, Mask } from '../../main/contract/records.ts';
import { fromBitmap } from '../../main/contract/rle.ts';
import { unifiedReward } from '../../main/reward/lens.ts';
import { contradictsItself, countedTerms, objectsReward } from '../../main/reward/objects.ts';

const side = 100;
const boxOf = (x1: number, y1: number, x2: number, y2: number): Box => ({ x1, y1, x2, y2 });
const filled = (...boxes: readonly Box[]): Mask =>
  fromBitmap(
    Uint8Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      return boxes.some(({ x1, y1, x2, y2 }) => x >= x1 && x < x2 && y >= y1 && y < y2) ? 1 : 0;
    }),
    side,
    side,
  );

const [left, middle, right] = [boxOf(0, 0, 20, 20), boxOf(40, 40, 60, 60), boxOf(70, 70, 90, 90)];
const text = ({ x1, y1, x2, y2 }: Box) => `[${x1}, ${y1}, ${x2}, ${y2}]`;
const listed = [left, middle, right].map((box, i) => `dog ${i + 1} ${text(box)}`).join(', ');

/** All three things are listed; `decision` says which are meant, and the answer boxes `boxes`. */
function said(decision: string, boxes: readonly Box[], reasoning = listed) {
  const items = boxes.map((box) => `{"bbox_2d": ${text(box)}, "label": "dog"}`).join(', ');
  const answer = `<think>${reasoning}. ${decision}.</think><answer>\`\`\`json\n[${items}]\n\`\`\`</answer>`;
  return { text: answer, boxes, mask: boxes.length > 0 ? filled(...boxes) : null };
}

const meant = (...boxes: readonly Box[]) => ({ boxes, mask: boxes.length > 0 ? filled(...boxes) : null });

describe('an answer about objects', () => {
  it.each([
    ['right', left],
    ['half right', boxOf(0, 0, 20, 10)],
    ['wrong', right],
  ])('earns with one box that is %s what LENS gives', (_, box) => {
    const rollout = said('here', [box], 'a dog');
    const lens = unifiedReward(rollout, { box: left, mask: filled(left) }, { dialect: 'loupe' });
    expect(objectsReward(rollout, meant(left))).toEqual(lens);
  });

  it('earns all three terms where it names every object, in any order', () => {
    const { format, box, mask, total } = objectsReward(said('dog 3, 1', [right, left]), meant(left, right));
    expect([format, box]).toEqual([1, 1]);
    expect(mask).toBeCloseTo(1, 6);
    expect(total).toBeCloseTo(3, 6);
  });

  it('loses what it leaves out, and what it names too much', () => {
    const all = objectsReward(said('dog 1, 3', [left, right]), meant(left, right)).box;
    expect(objectsReward(said('dog 1', [left]), meant(left, right)).box).toBeCloseTo(all / 2, 6);
    expect(objectsReward(said('dog 1, 2, 3', [left, middle, right]), meant(left, right)).box).toBeCloseTo(
      (2 * all) / 3,
      6,
    );
  });

  it('earns box and mask by saying nothing only where nothing matches', () => {
    const denial = said('dog none', []);
    expect(objectsReward(denial, meant())).toEqual({ format: 1, box: 1, mask: 1, total: 3 });
    expect(objectsReward(denial, meant(left))).toEqual({ format: 1, box: 0, mask: 0, total: 1 });
    expect(objectsReward(said('dog 1', [left]), meant()).total).toBe(1);
  });

  it('earns nothing for a mask where an outline is not known', () => {
    const reward = objectsReward(said('dog 1', [left]), { boxes: [left], mask: null });
    expect(reward).toEqual({ format: 1, box: 1, mask: 0, total: 2 });
  });
});

describe('gaming', () => {
  const honest = objectsReward(said('dog 2', [middle]), meant(middle)).total;

  it('by boxing everything earns less than one right box, though the first of LENS’s boxes would be right', () => {
    const everything = said('dog 2, 1, 3', [middle, left, right]);
    const whole = boxOf(0, 0, side, side);
    expect(unifiedReward(everything, { box: middle, mask: null }, { dialect: 'loupe' }).box).toBe(1);
    expect(objectsReward(everything, meant(middle)).total).toBeLessThan(honest - 1);
    expect(objectsReward(said('all', [whole], 'a dog'), meant(middle)).total).toBeLessThan(1.01);
  });

  it('by the same box again and again earns less each time', () => {
    const earned = [1, 2, 3].map((times) => {
      const boxes = Array.from({ length: times }, () => middle);
      return objectsReward(said('dog 2', boxes), meant(middle)).box;
    });
    expect(earned).toEqual([1, 1 / 2, 1 / 3]);
  });

  it('by form alone earns the format and no more', () => {
    const form = said('dog 1', [left]);
    expect(objectsReward(form, meant(right))).toEqual({ format: 1, box: 0, mask: 0, total: 1 });
    expect(objectsReward({ text: '<think></think><answer></answer>', boxes: [], mask: null }, meant(left)).total).toBe(
      0,
    );
  });

  it('by reasoning that its answer contradicts loses the format', () => {
    const lucky = objectsReward(said('dog 1', [middle]), meant(middle));
    expect([lucky.format, lucky.box]).toEqual([0, 1]);
    expect(lucky.total).toBeCloseTo(honest - 1, 6);
  });
});

describe('reasoning contradicts its answer', () => {
  it.each([
    ['where another thing is boxed than is decided on', said('dog 1', [right]), true],
    ['where something is boxed and none is decided on', said('dog none', [left]), true],
    ['where none is boxed and something is decided on', said('dog 1', []), true],
    ['where one of two is left out', said('dog 1, 3', [left]), true],
    ['where a box is not among those listed', said('dog 1', [boxOf(0, 20, 20, 40)]), true],
    ['where it decides on a number that nothing has', said('dog 7', [left]), true],
    ['but not where a box is written again with a few pixels more', said('dog 1', [boxOf(0, 0, 20, 24)]), false],
    ['but not where they agree', said('dog 1, 3', [left, right]), false],
    ['but not where the decision speaks of others on its way', said('dog 1. left of 1: 3', [right]), false],
    ['but not where each of several has a sentence', said('dog 1. dog 3', [left, right]), false],
    ['but not where nothing matches and nothing is boxed', said('dog none', []), false],
    ['but not where it lists nothing', said('the one on the left', [left], 'a dog'), false],
  ])('%s', (_, { text: answer }, expected) => expect(contradictsItself(answer)).toBe(expected));

  it('cannot be said of a text that has no answer', () =>
    expect(contradictsItself('dog 1 [0, 0, 2, 2]. dog 1')).toBe(false));
});

describe('terms that are not earned', () => {
  it('stay what they are, and count nothing', () => {
    const reward = { format: 1, box: 0.25, mask: 0.5, total: 1.75 };
    expect(countedTerms(reward, ['format', 'box', 'mask'])).toEqual(reward);
    expect(countedTerms(reward, ['box', 'mask'])).toEqual({ ...reward, total: 0.75 });
    expect(countedTerms(reward, ['format'])).toEqual({ ...reward, total: 1 });
  });
});
