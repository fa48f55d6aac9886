// Every form of an answer is read back by the reader of its own recipe.
import { describe, expect, it } from 'vitest';
import { answerReaders } from '../../main/flow/answer.ts';
import { answerForm } from '../../main/learn/answerForms.ts';
import { type RecipeName, recipes } from '../../main/weights/recipe.ts';

const box = { x1: 3, y1: 4, x2: 30, y2: 40 };
const other = { x1: 50, y1: 4, x2: 70, y2: 40 };
const write = (name: RecipeName, boxes: readonly (typeof box)[]) =>
  answerForm(recipes[name].reasoner)?.write({ label: 'a "red" cat', boxes, reasoning: 'It sits left.' }) ?? null;
const read = (name: RecipeName, text: string) => answerReaders[recipes[name].reasoner.parser].read(text);

describe('what a checkpoint is taught to say', () => {
  it.each<RecipeName>([
    'lens-released',
    'lens-reasonseg',
    'lens-reasonseg-cot',
    'lens-2b-released',
    'lens-loupe',
    'qwen-zero-shot',
  ])('is read back by the recipe %s', (name) => {
    const reading = read(name, write(name, [box]) ?? '');
    expect(reading.objects.map((object) => object.box)).toEqual([box]);
    if (answerForm(recipes[name].reasoner)?.reasons) expect(reading.reasoning).toBe('It sits left.');
  });

  it('names several boxes, or that there is none, only where the reader takes it', () => {
    expect(read('lens-loupe', write('lens-loupe', [box, other]) ?? '').objects).toHaveLength(2);
    expect(read('qwen-zero-shot', write('qwen-zero-shot', []) ?? '').found).toBe('nothing');
    expect(write('lens-released', [])).toBeNull();
    expect(answerForm(recipes['lens-released'].reasoner)?.single).toBe(true);
  });

  it('is not known where points belong to an answer', () => {
    expect(answerForm(recipes['seg-zero'].reasoner)).toBeNull();
    expect(answerForm(recipes['vision-reasoner'].reasoner)).toBeNull();
  });
});
