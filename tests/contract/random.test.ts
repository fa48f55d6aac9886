// The generator of random numbers: repeatable, different per stream, and evenly spread.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';

const draw = (seed: number, stream: number, count = 8): number[] => {
  const source = random(seed, stream);
  return Array.from({ length: count }, () => source.next());
};

describe('random', () => {
  it('repeats for the same seed and stream and differs otherwise', () => {
    expect(draw(7, 1)).toEqual(draw(7, 1));
    expect(draw(7, 1)).not.toEqual(draw(8, 1));
    expect(draw(7, 1)).not.toEqual(draw(7, 2));
    expect(draw(2 ** 31 + 5, 0)).not.toEqual(draw(5, 0));
  });

  it('does not repeat itself between neighbouring seeds and streams', () => {
    const firsts = Array.from({ length: 4000 }, (_, i) => draw(i % 1000, Math.floor(i / 1000), 1)[0]);
    expect(new Set(firsts).size).toBeGreaterThan(3990);
  });

  it('spreads evenly over its range', () => {
    const values = draw(1, 0, 20_000);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const source = random(3);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) {
      const face = source.int(0, 5);
      counts[face] = (counts[face] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('shuffles without losing or doubling, and picks only what is there', () => {
    const source = random(9);
    const items = ['a', 'b', 'c', 'd', null];
    for (let i = 0; i < 20; i++) {
      const shuffled = source.shuffle(items);
      expect(shuffled).toHaveLength(items.length);
      expect(new Set(shuffled)).toEqual(new Set(items));
      expect(items).toContain(source.pick(items));
    }
    expect(source.shuffle([])).toEqual([]);
    expect(() => source.pick([])).toThrow('the list is empty');
  });
});
