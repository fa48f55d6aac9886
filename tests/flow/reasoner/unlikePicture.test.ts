// Signs of a picture's features, and the sum that calls it unlike.
import { describe, expect, it } from 'vitest';
import { pictureSigns, unlikeness } from '../../../main/flow/reasoner/unlikePicture.ts';

describe('pictureSigns', () => {
  it('are the means and then the deviations of each feature over the cells', () => {
    const features = Float32Array.from([1, 10, 3, 10, 5, 10]);
    expect([...pictureSigns(features, 2)]).toEqual([
      expect.closeTo(3, 6),
      expect.closeTo(10, 6),
      expect.closeTo(Math.sqrt(8 / 3), 6),
      expect.closeTo(0, 3),
    ]);
  });
});

describe('unlikeness', () => {
  const sum = { mean: [1, 2], spread: [2, 4], weights: [3, -1], bias: -0.5 };

  it('is the weighted sum of what lies beside the mean', () => {
    expect(unlikeness(sum, Float64Array.from([3, 2]))).toBeCloseTo(2.5, 9);
    expect(unlikeness(sum, Float64Array.from([1, 6]))).toBeCloseTo(-1.5, 9);
  });

  it('says that a record belongs to another model', () => {
    expect(() => unlikeness(sum, Float64Array.from([1, 2, 3]))).toThrow('is about 2 signs, and the model shows 3');
  });
});
