// Signs of pictures to the record beside the weights: its limit holds false alarms down, its figures are of unseen pictures.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { unlikeness } from '../../../main/flow/reasoner/unlikePicture.ts';
import { separated } from '../../../main/learn/calibration/calibratePictures.ts';
import type { Labelled } from '../../../main/learn/calibration/fitLogistic.ts';

function pictures(each: number, apart: number, seed = 1): Labelled[] {
  const draws = random(seed);
  return Array.from({ length: 2 * each }, (_, i) => {
    const isUnlike = i >= each;
    const signs = Float64Array.from(
      { length: 6 },
      (_sign, k) => draws.between(-2, 2) + (isUnlike && k < 3 ? apart : 0),
    );
    return { signs, isUnlike };
  });
}

describe('separated', () => {
  it('recognises pictures of another kind, and alarms hardly ever on those of the learnt kind', () => {
    const record = separated(pictures(300, 3));
    expect(record.figures).toMatchObject({ pictures: 600 });
    expect(record.figures.recognised).toBeGreaterThan(0.9);
    expect(record.figures.falseAlarms).toBeLessThanOrEqual(0.005);
    const others = pictures(400, 3, 2);
    const alarms = others.filter(({ signs, isUnlike }) => !isUnlike && unlikeness(record, signs) > 0);
    expect(alarms.length / 400).toBeLessThan(0.02);
  });

  it('takes no limit from pictures that are not there', () => {
    const photographs = pictures(20, 3).filter(({ isUnlike }) => isUnlike);
    expect(() => separated(photographs)).toThrow('There is only one group to tell apart.');
  });

  it('keeps silent rather than alarm where the kinds cannot be told apart', () => {
    const { figures } = separated(pictures(300, 0));
    expect(figures.falseAlarms).toBeLessThanOrEqual(0.005);
    expect(figures.recognised).toBeLessThan(0.05);
  });
});
