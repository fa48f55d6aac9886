// What the line after Ctrl+Enter says was stored, whatever the person had looked at.
import { describe, expect, it } from 'vitest';
import { acceptedSentence } from '../../../renderer/state/accepted.ts';
import { emptyWorkbench, type Workbench } from '../../../renderer/state/workbench.ts';
import { corrected, correction, prompt, shape } from '../panels/given.ts';
import { onImage } from '../printed.ts';

const settled = correction({
  reasoning: { text: 'The car.', verdict: 'right' },
  objects: [corrected('right', 'right', 1)],
});
const nothing = correction({
  found: { value: 'nothing', verdict: 'right' },
  reasoning: { text: '', verdict: 'right' },
  objects: [],
});

const said = (also: Parameters<typeof onImage>[0], promptId: number | null = null): string => {
  const state: Workbench = { ...emptyWorkbench, ...onImage(also), promptId };
  return acceptedSentence(state);
};

describe('the line about an accepted image', () => {
  it.each([
    ['a.png is accepted without shapes.', {}, null],
    ['a.png is accepted with 2 shapes.', { shapes: [shape(1), shape(2)] }, null],
    [
      'a.png is accepted with 1 shape for “the car”.',
      { shapes: [shape(1)], prompts: [prompt(9, 'the car', settled)] },
      9,
    ],
    [
      'a.png is accepted with 2 shapes, 1 of them for “the car”.',
      { shapes: [shape(1), shape(2)], prompts: [prompt(9, 'the car', settled)] },
      9,
    ],
    ['a.png is accepted without shapes; nothing matches “the car”.', { prompts: [prompt(9, 'the car', nothing)] }, 9],
    [
      'a.png is accepted without shapes; the answer to “the skier” is not kept.',
      { prompts: [prompt(9, 'the skier')] },
      9,
    ],
    [
      'a.png is accepted with 1 shape for “the car”; 2 other prompts are not judged.',
      { shapes: [shape(1)], prompts: [prompt(7, 'a'), prompt(8, 'b'), prompt(9, 'the car', settled)] },
      9,
    ],
  ])('is "%s"', (words, also, promptId) => expect(said(also, promptId)).toBe(words));

  it('is not asked for without an image', () => expect(() => acceptedSentence(emptyWorkbench)).toThrow('no image'));
});
