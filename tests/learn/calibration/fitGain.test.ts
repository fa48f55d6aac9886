// Trees fitted to gains of a known rule: they learn it, are repeatable, and give the mean where there is nothing to learn.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { fitGain, fittedValue, type MeasuredGain } from '../../../main/learn/calibration/fitGain.ts';

/** The gain follows two of three features, and a little noise. */
function drawn(count: number, seed: number): MeasuredGain[] {
  const draws = random(seed);
  return Array.from({ length: count }, () => {
    const features = [draws.next(), draws.next(), draws.next()];
    const [a = 0, b = 0] = features;
    return { features, gain: (a > 0.6 ? 0.2 : -0.1) + 0.1 * b + 0.01 * draws.between(-1, 1) };
  });
}

const errorOf = (fitted: ReturnType<typeof fitGain>, measured: readonly MeasuredGain[]): number =>
  Math.sqrt(
    measured.reduce((sum, { features, gain }) => sum + (fittedValue(fitted, features) - gain) ** 2, 0) /
      measured.length,
  );

describe('fitGain', () => {
  it('expects what it was not shown', () => {
    const fitted = fitGain(drawn(400, 1));
    expect(errorOf(fitted, drawn(200, 2))).toBeLessThan(0.03);
    expect(errorOf({ base: fitted.base, trees: [] }, drawn(200, 2))).toBeGreaterThan(0.1);
  });

  it('is the same for the same numbers and seed', () => {
    expect(fitGain(drawn(60, 3), 5)).toEqual(fitGain(drawn(60, 3), 5));
    expect(fitGain(drawn(60, 3), 5)).not.toEqual(fitGain(drawn(60, 3), 6));
  });

  it('refuses gains that lack a feature of the others', () => {
    const short = drawn(40, 3).map((one, i) => (i === 7 ? { ...one, features: one.features.slice(0, 2) } : one));
    expect(() => fitGain(short)).toThrow('features of a gain: no entry 2 among 2');
  });

  it('gives the mean where the features say nothing, and nothing of nothing', () => {
    const flat = Array.from({ length: 200 }, (_, i) => ({ features: [1, 1], gain: i % 2 === 0 ? 0.1 : 0.3 }));
    expect(fittedValue(fitGain(flat), [1, 1])).toBeCloseTo(0.2, 2);
    expect(fitGain([])).toEqual({ base: 0, trees: [] });
  });
});
