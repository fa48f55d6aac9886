// The gate's arithmetic: what a gain is, where it may lie, and what is never promoted.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BeforeAfter, type Evidence, judge, pairedGain } from '../../../main/learn/gate/gate.ts';

const score = fc.double({ min: 0, max: 1, noNaN: true });
const pairs = fc.array(fc.record({ group: fc.integer({ min: 0, max: 6 }), before: score, after: score }), {
  minLength: 1,
  maxLength: 30,
});

const shifted = (count: number, by: number): BeforeAfter[] =>
  Array.from({ length: count }, (_, i) => ({ group: i, before: 0.5, after: 0.5 + by }));
const none = { masks: [], otherLabels: [], nothing: [], base: [] };

describe('the gain', () => {
  it('is the mean change, between the ends of its interval, whatever the pairs are', () => {
    fc.assert(
      fc.property(pairs, fc.integer(), (some, seed) => {
        const { gain, low, high } = pairedGain(some, seed);
        const mean = some.reduce((sum, { before, after }) => sum + after - before, 0) / some.length;
        expect(gain).toBeCloseTo(mean, 9);
        expect(low).toBeLessThanOrEqual(high);
        expect(low >= -1 && high <= 1).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('turns its sign and its ends when before and after change places', () => {
    fc.assert(
      fc.property(pairs, (some) => {
        const there = pairedGain(some, 1);
        const back = pairedGain(
          some.map(({ group, before, after }) => ({ group, before: after, after: before })),
          1,
        );
        expect(back.gain).toBeCloseTo(-there.gain, 9);
        expect(back.low).toBeCloseTo(-there.high, 1);
      }),
      { numRuns: 20 },
    );
  });

  it('is surer with more images, and no surer with more prompts of the same image', () => {
    const spread = (count: number, groups: number): BeforeAfter[] =>
      Array.from({ length: count }, (_, i) => ({
        group: i % groups,
        before: 0.5,
        after: (i % groups) % 2 ? 0.7 : 0.45,
      }));
    const width = (some: BeforeAfter[]) => {
      const { low, high } = pairedGain(some, 3);
      return high - low;
    };
    expect(width(spread(64, 64))).toBeLessThan(width(spread(8, 8)));
    expect(width(spread(64, 8))).toBeCloseTo(width(spread(8, 8)), 2);
  });

  it('follows from the seed, and is nothing for no pairs', () => {
    expect(pairedGain(shifted(5, 0.1), 7)).toEqual(pairedGain(shifted(5, 0.1), 7));
    expect(pairedGain([])).toEqual({ gain: 0, low: 0, high: 0 });
  });
});

describe('the gate', () => {
  it('promotes a gain outside noise that costs nothing elsewhere', () => {
    const verdict = judge({ ...none, taught: shifted(8, 0.1), base: shifted(8, -0.019) });
    expect(verdict).toMatchObject({ promoted: true, otherLabels: null, nothing: null });
    expect(verdict.reason).toBe(
      'Held-out masks gained 0.100 gIoU (+0.100 to +0.100), and nothing else lost more than 0.02.',
    );
  });

  it('says that answers gained where they are what is judged', () => {
    const { reason } = judge({ ...none, taught: shifted(8, 0.1), masks: shifted(8, 0) }, { by: 'answers' });
    expect(reason).toMatch(/^Answers to held-out prompts gained 0\.100 gIoU/u);
    const lost = judge({ ...none, taught: shifted(8, -0.1) }, { by: 'answers' });
    expect(lost.reason).toMatch(/^Answers to held-out prompts did not gain/u);
  });

  it.each([
    ['no gain', { ...none, taught: shifted(8, -0.01) }, 'did not gain'],
    ['no change', { ...none, taught: shifted(8, 0) }, 'did not gain'],
    [
      'a gain within noise',
      { ...none, taught: [...shifted(4, 0.3), ...shifted(4, -0.25)].map((pair, group) => ({ ...pair, group })) },
      'lies within noise',
    ],
    [
      'a loss of other labels',
      { ...none, taught: shifted(8, 0.1), otherLabels: shifted(3, -0.05) },
      'other labels lost 0.050',
    ],
    [
      'a loss of "nothing"',
      { ...none, taught: shifted(8, 0.1), nothing: shifted(3, -0.5) },
      'nothing matches lost 0.500',
    ],
    [
      'a loss of masks under true boxes',
      { ...none, taught: shifted(8, 0.1), masks: shifted(3, -0.04) },
      'Masks under true boxes lost 0.040',
    ],
    ['a loss of the base', { ...none, taught: shifted(8, 0.1), base: shifted(3, -0.03) }, 'came with lost 0.030'],
  ] satisfies [string, Evidence, string][])(
    'keeps the weights after %s, and says why in one sentence',
    (_, evidence, why) => {
      const { promoted, reason } = judge(evidence);
      expect(promoted).toBe(false);
      expect(reason).toContain(why);
      expect(reason.match(/\.(\s|$)/gu)).toHaveLength(1);
    },
  );

  it('promotes nothing that lost more than 0.02 anywhere, whatever was gained', () => {
    fc.assert(
      fc.property(pairs, pairs, pairs, (otherLabels, nothing, base) => {
        const verdict = judge({ ...none, taught: shifted(8, 0.4), otherLabels, nothing, base });
        const worst = Math.min(verdict.otherLabels ?? 0, verdict.nothing ?? 0, verdict.base ?? 0);
        expect(verdict.promoted).toBe(worst >= -0.02);
      }),
      { numRuns: 40 },
    );
  });
});
