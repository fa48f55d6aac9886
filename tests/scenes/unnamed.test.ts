// Things without a name: the same ones for a seed, boxes tight around what is visible, small and large.
import { describe, expect, it } from 'vitest';
import { makeUnnamed } from '../../main/scenes/unnamed.ts';

const side = 96;
const pictures = Array.from({ length: 40 }, (_, seed) => makeUnnamed(seed, side));

describe('makeUnnamed', () => {
  it('is the same picture for the same seed, and another for another', () => {
    expect(makeUnnamed(3, side)).toEqual(pictures[3]);
    expect(pictures[4]?.image.data).not.toEqual(pictures[3]?.image.data);
    expect(pictures[0]?.image).toMatchObject({ width: side, height: side });
    expect(pictures[0]?.image.data).toHaveLength(side * side * 3);
  });

  it('puts a box tight around every thing, and knows no other ids', () => {
    for (const { ids, things } of pictures) {
      expect(things.length).toBeGreaterThan(0);
      expect(Math.max(...ids)).toBe(things.length);
      things.forEach(({ box }, i) => {
        const at = [...ids].flatMap((id, k) => (id === i + 1 ? [k] : []));
        const [columns, rows] = [at.map((k) => k % side), at.map((k) => Math.floor(k / side))];
        expect(box).toEqual({
          ...{ x1: Math.min(...columns), y1: Math.min(...rows) },
          ...{ x2: Math.max(...columns) + 1, y2: Math.max(...rows) + 1 },
        });
      });
    }
  });

  it('draws small things and such as fill half of the picture', () => {
    const shares = pictures.flatMap(({ things }) => things.map(({ box }) => (box.x2 - box.x1) / side));
    expect(Math.min(...shares)).toBeLessThan(0.2);
    expect(Math.max(...shares)).toBeGreaterThan(0.5);
  });

  it('shows a thing in other colours than what is around it, most of the time', () => {
    const differ = pictures.flatMap(({ image, ids, things }) =>
      things.map((_, i) => {
        const mean = (inside: boolean) => {
          const some = [...ids].flatMap((id, k) => ((id === i + 1) === inside ? [image.data[k * 3] ?? 0] : []));
          return some.reduce((a, b) => a + b, 0) / Math.max(1, some.length);
        };
        return Math.abs(mean(true) - mean(false));
      }),
    );
    expect(differ.filter((value) => value > 10).length / differ.length).toBeGreaterThan(0.6);
  });
});
