import { describe, expect, it } from 'vitest';
import { inFrame, inPicture, pieces, reasoningSoFar } from '../../main/contract/reasoning.ts';

const image = { width: 448, height: 672 };
const frame = { width: 224, height: 224 };

describe('boxes in a reasoning', () => {
  it('lie on the image where the reasoner’s frame says', () => {
    const text = '1 red car [2, 40, 60, 88], 2 dog [90, 12, 140, 70].';
    expect(pieces(text, frame, image)).toEqual([
      { text: '1 red car ', box: null },
      { text: '[4, 120, 120, 264]', box: { x1: 4, y1: 120, x2: 120, y2: 264 } },
      { text: ', 2 dog ', box: null },
      { text: '[180, 36, 280, 210]', box: { x1: 180, y1: 36, x2: 280, y2: 210 } },
      { text: '.', box: null },
    ]);
  });

  it('are cut at the edge, and outside of the image they are only text', () => {
    const [cut, , out] = pieces('[200,200,300,300] [300, 300, 400, 400]', frame, image);
    expect(cut?.box).toEqual({ x1: 400, y1: 600, x2: 448, y2: 672 });
    expect(out).toBeUndefined();
    expect(pieces('[300, 300, 400, 400]', frame, image)).toEqual([{ text: '[300, 300, 400, 400]', box: null }]);
  });

  it.each(['', 'no numbers', '[1, 2, 3]', '[9, 9, 2, 2]', 'dogs (1, 3)', '[300, 300, 400, 400]', '[1,1,5'])(
    'what names no place on the image stays as it is: %j',
    (text) => {
      expect(inPicture(text, frame, image)).toBe(text);
    },
  );

  it('are read in picture pixels, and points in square brackets too', () => {
    expect(inPicture('a [1,1,2,2][3,3,4,4] (4, 4, 10.5, 12) at [10, 20]', frame, image)).toBe(
      'a [2, 3, 4, 6][6, 9, 8, 12] (8, 12, 21, 36) at [20, 60]',
    );
  });

  it('a frame that is no square is stretched along each side', () => {
    expect(inPicture('[10, 10, 20, 20]', { width: 448, height: 168 }, image)).toBe('[10, 40, 20, 80]');
  });

  it('may be written in round brackets and with fractions', () => {
    expect(pieces('(4, 4, 10.5, 12)', frame, image)[0]?.box).toEqual({ x1: 8, y1: 12, x2: 21, y2: 36 });
  });
});

describe('a reasoning that a person wrote anew', () => {
  const original = '1 frog [2, 3, 61, 89], at [7, 9]. 2 dog [1.5, 1, 9, 9]. [300, 300, 400, 400]';
  const places = { frame, image: { width: 100, height: 75 } };

  it('keeps the words of every place that was not touched', () => {
    const shown = inPicture(original, frame, places.image);
    expect(shown).not.toBe(original);
    expect(inFrame(shown, original, places)).toBe(original);
    expect(inFrame(`Look: ${shown}`, original, places)).toBe(`Look: ${original}`);
  });

  it('has new places in the frame', () => {
    expect(inFrame('the cup [50, 15, 100, 75]', original, places)).toBe('the cup [112, 45, 224, 224]');
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
