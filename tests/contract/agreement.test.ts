import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreeingCounts, mostAgreed } from '../../main/contract/agreement.ts';
import type { Mask } from '../../main/contract/records.ts';

/** Some columns of an image of 20 x 10. */
const columns = (from: number, to: number): Mask => ({
  size: [10, 20],
  counts: [from * 10, (to - from) * 10, (20 - to) * 10],
});
const [left, nearLeft, right] = [columns(0, 8), columns(1, 9), columns(12, 20)];

describe('of several answers', () => {
  it('the one that most agree with is the choice, however likely another one is', () => {
    expect(agreeingCounts([left, right, nearLeft])).toEqual([1, 0, 1]);
    expect(mostAgreed([left, right, nearLeft], [-3, -0.1, -2])).toBe(2);
    expect(mostAgreed([left, right, nearLeft], [-2, -0.1, -3])).toBe(0);
  });

  it('the likeliest is the choice where no two agree, or all do', () => {
    expect(mostAgreed([left, right], [-2, -1])).toBe(1);
    expect(mostAgreed([left, left, left], [-2, -1, -3])).toBe(1);
    expect(mostAgreed([left], [-2])).toBe(0);
  });

  it('those that find nothing agree with each other; those that cannot be read with nobody', () => {
    expect(mostAgreed([right, null, null], [-0.1, -2, -1])).toBe(2);
    expect(agreeingCounts(['unreadable', 'unreadable', left])).toEqual([0, 0, 0]);
    expect(mostAgreed(['unreadable', 'unreadable', left, left], [-0.1, -0.1, -4, -3])).toBe(3);
  });

  it('the choice is never one that fewer agree with than with another', () => {
    const answer = fc.constantFrom<Mask | null | 'unreadable'>(left, nearLeft, right, null, 'unreadable');
    fc.assert(
      fc.property(fc.array(fc.tuple(answer, fc.double({ max: 0, noNaN: true })), { minLength: 1 }), (all) => {
        const counts = agreeingCounts(all.map(([one]) => one));
        const chosen = mostAgreed(
          all.map(([one]) => one),
          all.map(([, likelihood]) => likelihood),
        );
        expect(counts[chosen]).toBe(Math.max(...counts));
      }),
    );
  });
});
