// Signs of a repair on pictures whose truth is known: edges under outlines, overlaps, and what the prompts agree on.
import { describe, expect, it } from 'vitest';
import type { Mask } from '../../../main/contract/records.ts';
import { maskArea, maskIou, sharedArea } from '../../../main/contract/rle.ts';
import { measuredRepair, type RedrawnMask } from '../../../main/flow/segmenter/repairFeatures.ts';
import { disc, fromBox } from '../../pictures/disc.ts';

const { image, truth } = disc(16);
const larger = disc(21).truth;
const smaller = disc(11).truth;
const shifted = fromBox({ x1: 26, y1: 18, x2: 58, y2: 50 });

const by = (mask: Mask, more: Partial<RedrawnMask> = {}): RedrawnMask => ({
  ...{ mask, quality: 0.8, isPlain: false },
  ...more,
});

const measured = (standing: Mask, mask: Mask, redrawn: readonly RedrawnMask[] = []) =>
  measuredRepair({ image, standing, mask, redrawn });

describe('edges under the outlines', () => {
  it('lie nearer and are stronger under the true outline than under a wrong one', () => {
    for (const wrong of [larger, smaller, shifted]) {
      const { features } = measured(wrong, truth);
      expect(features.edgesAfter).toBeLessThan(features.edgesBefore);
      expect(features.strengthAfter).toBeGreaterThan(features.strengthBefore);
      expect(features.strengthRatio).toBeGreaterThan(1);
    }
  });

  it('stand out from what lies beside them where the outline is right', () => {
    for (const wrong of [larger, smaller, shifted]) {
      const { features } = measured(wrong, truth);
      expect(features.peakAfter).toBeGreaterThan(1.5 * features.peakBefore);
    }
    const { features } = measured(truth, truth);
    expect(features.peakBefore).toBe(features.peakAfter);
  });

  it('say which outline is farther from them, and neither of two equal ones', () => {
    expect(measured(truth, larger).isFartherFromEdges).toBe(true);
    expect(measured(larger, truth).isFartherFromEdges).toBe(false);
    expect(measured(truth, truth).isFartherFromEdges).toBe(false);
  });
});

describe('overlaps', () => {
  it('are those of the two masks', () => {
    const { features } = measured(larger, truth);
    expect(features.same).toBeCloseTo(maskIou(larger, truth), 12);
    expect(features.ofOld).toBeCloseTo(sharedArea(larger, truth) / maskArea(larger), 12);
    expect(features.ofOwn).toBe(1);
    expect(features.growth).toBeLessThan(0);
    expect(features.size).toBeCloseTo(Math.log(maskArea(larger)) / 2, 12);
  });

  it('tell how far the middle moved: not where the mask only grew or shrank', () => {
    const moved = fromBox({ x1: 36, y1: 18, x2: 68, y2: 50 });
    expect(measured(shifted, moved).features.moved).toBeCloseTo(10 / 32, 1);
    for (const wrong of [larger, smaller]) expect(measured(wrong, truth).features.moved).toBeLessThan(0.02);
  });

  it('turn round with the masks', () => {
    const [there, back] = [measured(larger, truth).features, measured(truth, larger).features];
    expect(there.growth).toBeCloseTo(-back.growth, 12);
    expect(there.ofOld).toBeCloseTo(back.ofOwn, 12);
    expect(there.same).toBeCloseTo(back.same, 12);
    expect(there.boundary).toBeCloseTo(back.boundary, 12);
  });

  it('of the same mask are whole, with no difference of outline', () => {
    const { features, boundary } = measured(truth, truth);
    expect(boundary).toBe(0);
    expect(features).toMatchObject({ same: 1, ofOld: 1, ofOwn: 1, growth: 0, lengthRatio: 1 });
  });
});

describe('what the prompts say', () => {
  it('is their mean quality, and how much they agree with each other and with what stands', () => {
    const { features } = measured(larger, truth, [by(truth), by(truth, { quality: 0.6 }), by(larger)]);
    expect(features.quality).toBeCloseTo(2.2 / 3, 12);
    expect(features.firstQuality).toBe(0.8);
    const apart = maskIou(truth, larger);
    expect(features.agreement).toBeCloseTo((2 + apart) / 3, 12);
    expect(features.mutual).toBeCloseTo((1 + 2 * apart) / 3, 12);
    expect(features.votersWithOld).toBeCloseTo((1 + 2 * apart) / 3, 12);
    expect(features.leastWithOld).toBeCloseTo(apart, 12);
  });

  it('keeps the plain box apart from the others', () => {
    const plain = by(smaller, { isPlain: true, quality: 0.3 });
    const { features } = measured(larger, truth, [by(truth), plain]);
    expect(features.quality).toBe(0.8);
    expect(features.plainQuality).toBe(0.3);
    expect(features.plainWithOwn).toBeCloseTo(maskIou(smaller, truth), 12);
    expect(features.plainWithOld).toBeCloseTo(maskIou(smaller, larger), 12);
  });

  it('is a number also where no prompt gave anything', () => {
    const { features } = measured(larger, truth);
    expect(Object.values(features).every(Number.isFinite)).toBe(true);
    expect(features).toMatchObject({ quality: 0, plainQuality: 0, mutual: 1, leastWithOld: 1 });
  });

  it('has the same names whatever was measured', () => {
    const names = Object.keys(measured(larger, truth).features);
    expect(Object.keys(measured(truth, smaller, [by(truth), by(larger, { isPlain: true })]).features)).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
  });
});
