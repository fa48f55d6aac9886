// Logits of several masks to the one that is shown: which is chosen, how large it is, and whether it follows edges.
import { describe, expect, it } from 'vitest';
import { maskArea } from '../../../main/contract/rle.ts';
import { chosenMask, maskFrom } from '../../../main/flow/segmenter/mask.ts';
import { disc, HEIGHT, WIDTH } from '../../pictures/disc.ts';

const { image } = disc(10);
const side = 8;

/** Square masks, each inside in its first `rows` rows, sure of it or not. */
const logits = (...masks: readonly { rows: number; by: number }[]): Float32Array =>
  Float32Array.from(
    masks.flatMap(({ rows, by }) => Array.from({ length: side * side }, (_, i) => (i < rows * side ? by : -by))),
  );

const iou = Float32Array.of(0.2, 0.5, 0.9, 0.7);
const sure = logits({ rows: 4, by: 8 }, { rows: 2, by: 8 }, { rows: 6, by: 8 }, { rows: 8, by: 8 });
const unsure = logits({ rows: 4, by: 0.01 }, { rows: 2, by: 8 }, { rows: 6, by: 8 }, { rows: 8, by: 8 });

describe('the choice', () => {
  it('is mask 0 while it is stable, else the best alternative', () => {
    expect(chosenMask({ masks: sure, iou }, 'stable')).toBe(0);
    expect(chosenMask({ masks: unsure, iou }, 'stable')).toBe(2);
  });

  it('is the best alternative where the recipe wants it so', () => {
    expect(chosenMask({ masks: sure, iou }, 'best')).toBe(2);
    expect(chosenMask({ masks: sure, iou: Float32Array.of(0.99, 0.1, 0.2, 0.3) }, 'best')).toBe(3);
  });
});

describe('no choice', () => {
  it('is said where the recipe wants the best alternative and there is none', () => {
    const one = { masks: new Float32Array(4), iou: Float32Array.of(0.9) };
    expect(() => chosenMask(one, 'best')).toThrow('There is no alternative among 1 masks.');
  });
});

describe('the mask', () => {
  it('is as large as the picture, and as much of it is inside as of the logits', () => {
    const mask = maskFrom({ masks: sure, iou }, image, { choice: 'stable', followsEdges: false });
    expect(mask.size).toEqual([HEIGHT, WIDTH]);
    expect(maskArea(mask) / (WIDTH * HEIGHT)).toBeCloseTo(4 / 8, 1);
    const best = maskFrom({ masks: sure, iou }, image, { choice: 'best', followsEdges: false });
    expect(maskArea(best) / (WIDTH * HEIGHT)).toBeCloseTo(6 / 8, 1);
  });

  it('follows the edges of the picture where the recipe wants it so', () => {
    // A coarse square about the disc.
    const middle = (i: number) => Math.abs((i % side) - 3.5) < 2 && Math.abs(Math.floor(i / side) - 3.5) < 2;
    const masks = Float32Array.from({ length: 4 * side * side }, (_, i) => (middle(i % (side * side)) ? 4 : -4));
    const [plain, along] = [false, true].map((followsEdges) =>
      maskFrom({ masks, iou }, image, { choice: 'stable', followsEdges }),
    );
    expect(along).not.toEqual(plain);
  });
});
