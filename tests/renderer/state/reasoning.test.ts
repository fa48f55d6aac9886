import { describe, expect, it } from 'vitest';
import { pieces, reasoningSoFar } from '../../../renderer/state/reasoning.ts';

const image = { width: 448, height: 672 };

describe('boxes in a reasoning', () => {
  it('lie on the image where the reasoner’s frame says', () => {
    const text = '1 red car [2, 40, 60, 88], 2 dog [90, 12, 140, 70].';
    expect(pieces(text, 224, image)).toEqual([
      { text: '1 red car ', box: null },
      { text: '[2, 40, 60, 88]', box: { x1: 4, y1: 120, x2: 120, y2: 264 } },
      { text: ', 2 dog ', box: null },
      { text: '[90, 12, 140, 70]', box: { x1: 180, y1: 36, x2: 280, y2: 210 } },
      { text: '.', box: null },
    ]);
  });

  it('are cut at the edge, and outside of the image they are only text', () => {
    const [cut, , out] = pieces('[200,200,300,300] [300, 300, 400, 400]', 224, image);
    expect(cut?.box).toEqual({ x1: 400, y1: 600, x2: 448, y2: 672 });
    expect(out).toBeUndefined();
    expect(pieces('[300, 300, 400, 400]', 224, image)).toEqual([{ text: '[300, 300, 400, 400]', box: null }]);
  });

  it.each([
    '',
    'no numbers',
    '[1, 2, 3]',
    '[9, 9, 2, 2]',
    '(4, 4, 10.5, 12)',
    '[0, 0, 224, 224] [1,1,5',
    'a [1,1,2,2][3,3,4,4]',
  ])('never change the text: %j', (text) => {
    expect(
      pieces(text, 224, image)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });

  it('may be written in round brackets and with fractions', () => {
    expect(pieces('(4, 4, 10.5, 12)', 224, image)[0]?.box).toEqual({ x1: 8, y1: 12, x2: 21, y2: 36 });
  });
});

describe('an answer that is being written', () => {
  const whole = '<think>1 car [2, 4, 6, 8]. The car.</think><answer>[]</answer>';

  it('shows its reasoning and nothing of its tags, at every length', () => {
    for (let length = 0; length <= whole.length; length++) {
      const { reasoning } = reasoningSoFar(whole.slice(0, length));
      expect(reasoning).not.toMatch(/[<>]/u);
      expect('1 car [2, 4, 6, 8]. The car.').toContain(reasoning);
    }
  });

  it('is complete when the reasoning ends', () => {
    expect(reasoningSoFar(whole)).toEqual({ reasoning: '1 car [2, 4, 6, 8]. The car.', complete: true });
    expect(reasoningSoFar('<think>1 car').complete).toBe(false);
    expect(reasoningSoFar('The car.<answer>[1,').complete).toBe(true);
  });
});
