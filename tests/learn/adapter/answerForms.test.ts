// Every form of an answer is read back by the reader of its own recipe.
import { describe, expect, it } from 'vitest';
import { answerReaders } from '../../../main/flow/reasoner/answer.ts';
import { answerForm } from '../../../main/learn/adapter/answerForms.ts';
import { segZeroReward } from '../../../main/reward/segZero.ts';
import { visionReasonerReward } from '../../../main/reward/visionReasoner.ts';
import { type RecipeName, recipes } from '../../../main/weights/recipe.ts';

const box = { x1: 3, y1: 4, x2: 30, y2: 40 };
const other = { x1: 50, y1: 4, x2: 70, y2: 40 };
const points = [
  [10, 12],
  [20, 31],
] as const;
function write(name: RecipeName, boxes: readonly (typeof box)[]): string | null {
  const form = answerForm(recipes[name].reasoner);
  const objects = boxes.map((one) => ({ box: one, points: points.slice(0, form?.points) }));
  return form?.write({ label: 'a "red" cat', objects, reasoning: 'It sits left.' }) ?? null;
}
const read = (name: RecipeName, text: string) => answerReaders[recipes[name].reasoner.parser].read(text);

describe('what a checkpoint is taught to say', () => {
  it.each<RecipeName>([
    'lens-released',
    'lens-reasonseg',
    'lens-reasonseg-cot',
    'lens-2b-released',
    'lens-loupe',
    'qwen-zero-shot',
    'seg-zero',
    'vision-reasoner',
  ])('is read back by the recipe %s', (name) => {
    const reading = read(name, write(name, [box]) ?? '');
    expect(reading.objects.map((object) => object.box)).toEqual([box]);
    if (answerForm(recipes[name].reasoner)?.reasons) expect(reading.reasoning).toBe('It sits left.');
  });

  it('names several boxes, or that there is none, only where the reader takes it', () => {
    expect(read('lens-loupe', write('lens-loupe', [box, other]) ?? '').objects).toHaveLength(2);
    expect(read('qwen-zero-shot', write('qwen-zero-shot', []) ?? '').found).toBe('nothing');
    expect(read('vision-reasoner', write('vision-reasoner', []) ?? '').found).toBe('nothing');
    expect(read('vision-reasoner', write('vision-reasoner', [box, other]) ?? '').objects).toHaveLength(2);
    expect(write('seg-zero', [])).toBeNull();
    expect(write('lens-released', [])).toBeNull();
    expect(answerForm(recipes['lens-released'].reasoner)?.single).toBe(true);
  });

  it('has the points that its reader clicks at, in the words of the published rewards', () => {
    const clicks = (name: RecipeName) => read(name, write(name, [box]) ?? '').objects[0]?.points;
    expect(clicks('seg-zero')).toEqual(points.map(([x, y]) => ({ x, y, sign: '+' })));
    expect(clicks('vision-reasoner')).toEqual([{ x: 10, y: 12, sign: '+' }]);
    const target = { box, points } as const;
    expect(segZeroReward(write('seg-zero', [box]) ?? '', target, { strict: true }).total).toBe(5);
    const things = [box, other].map((one) => ({ box: one, point: points[0] }));
    const best = visionReasonerReward(write('vision-reasoner', [box]) ?? '', things.slice(0, 1));
    expect(best).toEqual({ format: 3, accuracy: 3, nonRepeat: 1, total: 7 });
  });

  it('is not known of the words of nano', () => {
    expect(answerForm(recipes.nano.reasoner)).toBeNull();
  });
});
