// Rough masks: near the truth, never the truth, and inside their window.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { coarsen, windowAround } from '../../main/scenes/coarsen.ts';

/** A disc with a bite taken out of it. */
const disc = (side: number, radius: number): Uint8Array =>
  Uint8Array.from({ length: side * side }, (_, i) => {
    const [dx, dy] = [(i % side) - side / 2, Math.floor(i / side) - side / 2];
    return Math.hypot(dx, dy) < radius && !(dx > 0 && dy > 0) ? 1 : 0;
  });

const count = (mask: Uint8Array): number => mask.reduce((a, b) => a + b, 0);

describe('coarsen', () => {
  const mask = { width: 80, height: 80, data: disc(80, 24) };
  const rough = Array.from({ length: 60 }, (_, seed) => coarsen(mask, random(seed)));

  it('stays within the overlap that it promises', () => {
    for (const data of rough) {
      if (!data) throw new Error('no rough mask');
      const both = data.filter((value, i) => value === 1 && mask.data[i] === 1).length;
      const overlap = both / (count(data) + count(mask.data) - both);
      expect(overlap).toBeGreaterThanOrEqual(0.4);
      expect(overlap).toBeLessThanOrEqual(0.88);
      expect(data.every((value) => value === 0 || value === 1)).toBe(true);
    }
  });

  it('is sometimes larger and sometimes smaller, in many shapes', () => {
    const areas = rough.map((data) => count(data ?? new Uint8Array()));
    expect(Math.min(...areas)).toBeLessThan(0.9 * count(mask.data));
    expect(Math.max(...areas)).toBeGreaterThan(1.2 * count(mask.data));
    expect(new Set(areas).size).toBeGreaterThan(12);
  });

  it('repeats for the same seed and gives up on nothing', () => {
    expect(coarsen(mask, random(5))).toEqual(coarsen(mask, random(5)));
    expect(coarsen({ width: 10, height: 10, data: new Uint8Array(100) }, random(1))).toBeNull();
  });

  it('leaves room around the box, inside the picture', () => {
    expect(windowAround({ x1: 100, y1: 100, x2: 140, y2: 120 }, 224, 224)).toEqual({
      left: 86,
      top: 86,
      width: 68,
      height: 48,
    });
    expect(windowAround({ x1: 0, y1: 200, x2: 40, y2: 224 }, 224, 224)).toEqual({
      left: 0,
      top: 186,
      width: 54,
      height: 38,
    });
  });
});
