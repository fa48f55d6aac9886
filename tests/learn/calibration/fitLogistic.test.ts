// Two groups to the sum that tells them apart: separation, balance of unequal groups, determinism.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { unlikeness } from '../../../main/flow/reasoner/unlikePicture.ts';
import { fitLogistic, type Labelled } from '../../../main/learn/calibration/fitLogistic.ts';

/** Two signs tell, by `apart` standard deviations; six are noise, one of them always the same. */
function groups(known: number, unlike: number, apart: number, seed = 1): Labelled[] {
  const draws = random(seed);
  const noise = () => draws.between(-1, 1) + draws.between(-1, 1);
  return Array.from({ length: known + unlike }, (_, i) => {
    const isUnlike = i >= known;
    const by = isUnlike ? apart : 0;
    const signs = Float64Array.from([100 + noise() + by, noise() - by, ...Array.from({ length: 5 }, noise), 7]);
    return { signs, isUnlike };
  });
}

const right = (fitted: ReturnType<typeof fitLogistic>, all: readonly Labelled[]) =>
  all.filter(({ signs, isUnlike }) => unlikeness(fitted, signs) > 0 === isUnlike).length / all.length;

describe('fitLogistic', () => {
  it('tells groups apart that it was not shown', () => {
    const fitted = fitLogistic(groups(80, 80, 3));
    expect(right(fitted, groups(200, 200, 3, 2))).toBeGreaterThan(0.97);
  });

  it('does not call everything by the name of the larger group', () => {
    const fitted = fitLogistic(groups(300, 30, 2));
    const unlike = groups(0, 200, 2, 3);
    expect(right(fitted, unlike)).toBeGreaterThan(0.8);
  });

  it('gives what does not tell nearly no weight, and what never changes none', () => {
    const { weights } = fitLogistic(groups(200, 200, 3));
    const [first = 0, second = 0, ...rest] = weights.map(Math.abs);
    for (const weight of rest) expect(weight).toBeLessThan(Math.min(first, second) / 2);
    expect(rest.at(-1)).toBeLessThan(1e-9);
  });

  it('is the same each time, and refuses a single group', () => {
    expect(fitLogistic(groups(20, 20, 1))).toEqual(fitLogistic(groups(20, 20, 1)));
    expect(() => fitLogistic(groups(20, 0, 1))).toThrow('only one group');
    expect(() => fitLogistic([])).toThrow('nothing to tell apart');
  });
});
