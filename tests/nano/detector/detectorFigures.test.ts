// From which score on a thing counts as found, and what is asked for on photographs that were held back.
import { afterAll, describe, expect, it } from 'vitest';
import type { LabelledImage } from '../../../main/evaluate/cocoPhotos.ts';
import { Detector } from '../../../main/flow/detector.ts';
import {
  absentShare,
  askedClasses,
  type ClassSearch,
  chosenScore,
} from '../../../main/nano/detector/detectorFigures.ts';
import { markedFeatures, writeToyDetector } from '../../flow/toyDetector.ts';
import { temporary } from '../../hosting.ts';
import { segmenter } from '../toy.ts';

const { folder, remove } = temporary('detector-figures');
afterAll(remove);

const there = (...found: [number, boolean][]): ClassSearch => ({
  ...{ isThere: true, found: found.map(([score, isRight]) => ({ score, isRight })) },
});
const absent = (...scores: number[]): ClassSearch => ({
  ...{ isThere: false, found: scores.map((score) => ({ score, isRight: false })) },
});

describe('chosenScore', () => {
  it('is the least at which enough absent classes are said to be absent', () => {
    const scores = Array.from({ length: 10 }, (_, i) => 0.05 * (i + 1));
    const { least, absent: share } = chosenScore(scores.map((score) => absent(score, 0.01)));
    expect(least).toBeGreaterThan(0.45);
    expect(least).toBeLessThan(0.46);
    expect(share).toBe(0.9);
    expect(share).toBeGreaterThanOrEqual(absentShare);
  });

  it('counts the right boxes that are sure enough', () => {
    const asked = [absent(0.3), there([0.9, true]), there([0.9, false], [0.4, true]), there([0.2, true]), there()];
    expect(chosenScore(asked)).toEqual({ least: expect.closeTo(0.302, 6), found: 0.5, absent: 1 });
  });

  it('takes the surest of what was found of an absent class', () => {
    expect(chosenScore([absent(0.7, 0.1)]).least).toBeGreaterThan(0.7);
  });

  it('is low where nothing absent is ever found, and a half where nothing absent was asked for', () => {
    expect(chosenScore([absent(), absent(), there([0.1, true])])).toMatchObject({ found: 1, absent: 1 });
    expect(chosenScore([there([0.6, true]), there([0.4, true])])).toEqual({ least: 0.5, found: 0.5, absent: 0 });
    expect(chosenScore([])).toEqual({ least: 0.5, found: 0, absent: 0 });
  });

  it('is never more than 1', () => {
    expect(chosenScore([absent(1)])).toEqual({ least: 1, found: 0, absent: 0 });
  });
});

const side = segmenter.imageSize / 16;
const image = { width: 120, height: 120, data: new Uint8Array(3 * 120 * 120) };
const thing = (label: string, [x1, y1, x2, y2]: readonly [number, number, number, number]) => ({
  ...{ label, box: { x1, y1, x2, y2 }, mask: { size: [120, 120] as [number, number], counts: [120 * 120] } },
});
const photo = (set: string, ...things: LabelledImage['things']): LabelledImage => ({ set, image, things });

/** What is asked where every photograph shows a dog in the middle: it and nothing else is found. */
async function askedOf(photos: readonly LabelledImage[]): Promise<ClassSearch[]> {
  await writeToyDetector(folder, segmenter.width, [{ name: 'cat' }, { name: 'dog', marks: [12, 0, 0, 0] }]);
  const detector = await Detector.open(folder, segmenter, {});
  if (!detector) throw new Error('There is no detector.');
  const features = markedFeatures({ side, channels: segmenter.width }, { [side * (side / 2) + side / 2]: [1] });
  const asked = await askedClasses(detector, { features: async () => features }, photos);
  await detector.release();
  return asked;
}

describe('askedClasses', () => {
  it('are the large ones of each photograph, right where a box lies on one', async () => {
    const [right, ...more] = await askedOf([photo('a', thing('Dog', [45, 45, 85, 85]), thing('dog', [0, 0, 30, 30]))]);
    expect(more).toEqual([]);
    expect(right).toMatchObject({ isThere: true, found: [{ isRight: true }] });
    const [beside] = await askedOf([photo('a', thing('dog', [0, 0, 40, 40]))]);
    expect(beside).toMatchObject({ isThere: true, found: [{ isRight: false }] });
  });

  it('are absent ones that the set labels, and none that it does not', async () => {
    const dogs = photo('a', thing('dog', [45, 45, 85, 85]));
    const cats = photo('a', thing('cat', [0, 0, 60, 60]));
    const asked = await askedOf([dogs, cats, photo('b', thing('cat', [0, 0, 60, 60]))]);
    // A dog, no cat; a cat, no dog, which is found though; a cat.
    expect(asked.map(({ isThere, found }) => [isThere, found.length])).toEqual([
      [true, 1],
      [false, 0],
      [true, 0],
      [false, 1],
      [true, 0],
    ]);
  });

  it('are not what is small, nor what the detector has no name for', async () => {
    expect(await askedOf([photo('a', thing('dog', [0, 0, 20, 20]), thing('tuba', [0, 0, 90, 90]))])).toEqual([]);
  });
});
