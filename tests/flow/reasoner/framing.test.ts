// Sizes in which a reasoner sees pictures: the figures of the published code, and pictures brought to them.
import { expect, it } from 'vitest';
import { framed, smartFrame } from '../../../main/flow/reasoner/framing.ts';
import { disc } from '../../pictures/disc.ts';

it.each([
  [640, 480, 644, 476],
  [500, 333, 504, 336],
  [1920, 1080, 1316, 728],
  [1024, 1024, 980, 980],
])('%i x %i is seen as %i x %i', (width, height, seenWidth, seenHeight) => {
  expect(smartFrame({ width, height })).toEqual({ width: seenWidth, height: seenHeight });
});

it('a picture of that size stays as it is, another one is resampled', () => {
  const { image } = disc(12);
  expect(framed(image, { width: image.width, height: image.height })).toBe(image);
  const { width, height, data } = framed(image, { width: 84, height: 56 });
  expect([width, height, data.length]).toEqual([84, 56, 84 * 56 * 3]);
  // The middle of the disc is as red as before.
  expect(data[(28 * 84 + 42) * 3]).toBeGreaterThan(190);
});
