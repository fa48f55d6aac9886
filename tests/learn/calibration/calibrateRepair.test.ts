// Trials to the record beside the weights: it tells gains from harm, and its margin keeps what was right.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { type RepairTrial, repairFigures } from '../../../main/evaluate/repair.ts';
import { expectedGain } from '../../../main/flow/segmenter/repairGain.ts';
import { calibrated } from '../../../main/learn/calibration/calibrateRepair.ts';

/** Wrong masks gain 0.2 and lie far from edges; right ones would lose 0.1 and lie on them; `blur`: how often that misleads. */
function trials(count: number, blur: number, seed = 1): RepairTrial[] {
  const draws = random(seed);
  return Array.from({ length: count }, (_, i): RepairTrial => {
    const isRight = i % 2 === 1;
    const looksRight = draws.chance(blur) ? !isRight : isRight;
    const features = { edges: (looksRight ? 0 : 1) + draws.between(0, 0.5), noise: draws.next() };
    const before = isRight ? 1 : 0.6;
    const after = isRight ? 0.9 : 0.8;
    const near = (iou: number) => ({ iou, boundary: iou / 2 });
    return {
      set: 'a',
      kind: isRight ? 'right' : 'erode',
      before: near(before),
      redrawn: { ...near(after), gain: null, features },
    };
  });
}

describe('calibrated', () => {
  it('expects gains where they are, of masks that it was not shown', () => {
    const record = calibrated(trials(300, 0));
    expect(record.features).toEqual(['edges', 'noise']);
    expect(record.figures.masks).toBe(300);
    expect(record.figures.before).toBeCloseTo(0.6, 9);
    expect(record.figures.auprc).toBeGreaterThan(0.99);
    expect(record.figures.after).toBeGreaterThan(0.79);
    const other = repairFigures(trials(100, 0, 2), ({ redrawn }) => expectedGain(record, redrawn?.features ?? {}) ?? 0);
    expect(other.after).toBeGreaterThan(0.79);
    expect(other.harm).toBeLessThan(0.005);
  });

  it('gives up gains where right masks would be harmed', () => {
    const record = calibrated(trials(300, 0.3));
    expect(record.margin).toBeGreaterThan(0);
    expect(record.figures.harm).toBeLessThanOrEqual(0.004);
  });

  it('refuses a mask that lacks a sign of the others', () => {
    const [first, second, ...more] = trials(20, 0);
    if (!first?.redrawn || !second) throw new Error('there are twenty');
    const lacking = { ...first, redrawn: { ...first.redrawn, features: { edges: 1 } } };
    expect(() => calibrated([second, lacking, ...more])).toThrow('A redrawn mask lacks the sign "noise".');
  });

  it('is the same each time', () => {
    expect(calibrated(trials(80, 0.1))).toEqual(calibrated(trials(80, 0.1)));
  });
});
