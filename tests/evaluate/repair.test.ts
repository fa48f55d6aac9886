// Trials and figures of repair by predictors of known worth: one that always knows the truth, one that never does.
import { describe, expect, it } from 'vitest';
import type { DecodedImage, Mask } from '../../main/contract/records.ts';
import { maskIou } from '../../main/contract/rle.ts';
import type { LabelledImage } from '../../main/evaluate/cocoPhotos.ts';
import { averagePrecision, type RepairTrial, repairFigures, repairTrials } from '../../main/evaluate/repair.ts';
import type { RepairedMask } from '../../main/flow/segmenter/repair.ts';
import { disc, fromBox } from '../pictures/disc.ts';

const photos = [14, 18, 22].map((radius): LabelledImage => {
  const { image, truth } = disc(radius);
  return { set: 'discs', image, things: [{ label: 'disc', mask: truth, box: { x1: 0, y1: 0, x2: 1, y2: 1 } }] };
});
const truthOf = (image: DecodedImage): Mask =>
  photos.find((photo) => photo.image === image)?.things[0]?.mask ?? fromBox({ x1: 0, y1: 0, x2: 1, y2: 1 });

/** Draws `mask` and expects it to be better by what it differs. */
const drawing = (mask: (image: DecodedImage) => Mask) => ({
  repair: async (image: DecodedImage, standing: Mask): Promise<RepairedMask> => {
    const gain = 1 - maskIou(mask(image), standing);
    return { mask: mask(image), gain, boundary: gain, features: { same: 1 - gain } };
  },
});
const task = { most: 3, seed: 4 };

describe('repairTrials', () => {
  it('tries every thing as it is and made wrong, and tells how near each mask is', async () => {
    const seen: string[] = [];
    const trials = await repairTrials(drawing(truthOf), photos, {
      ...{ ...task, progress: (done: number, of: number) => seen.push(`${done}/${of}`) },
    });
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
    expect(trials.map(({ kind }) => kind)).toEqual(['dilate', 'right', 'erode', 'right', 'shift', 'right']);
    for (const { kind, before, redrawn } of trials) {
      expect(redrawn).toMatchObject({ iou: 1, boundary: 1 });
      if (kind === 'right') expect(before).toEqual({ iou: 1, boundary: 1 });
      else expect(before.boundary).toBeLessThan(before.iou);
    }
  });

  it('goes on where nothing is drawn, and is the same each time', async () => {
    const trials = await repairTrials({ repair: async () => null }, photos, task);
    expect(trials.every(({ redrawn }) => redrawn === null)).toBe(true);
    expect(await repairTrials({ repair: async () => null }, photos, task)).toEqual(trials);
    expect(repairFigures(trials)).toMatchObject({ harm: 0, count: 3 });
  });

  it('stops when cancelled', async () => {
    const controller = new AbortController();
    const stopping = { ...task, signal: controller.signal, progress: () => controller.abort() };
    const run = repairTrials(drawing(truthOf), photos, stopping);
    await expect(run).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('repairFigures', () => {
  it('of one who knows the truth: all is mended, nothing harmed, all wrong ones come first', async () => {
    const figures = repairFigures(await repairTrials(drawing(truthOf), photos, task));
    expect(figures).toMatchObject({ after: 1, boundaryAfter: 1, harm: 0, auprc: 1, count: 3 });
    expect(figures.before).toBeLessThan(0.9);
    expect(Object.keys(figures.kinds)).toEqual(['dilate', 'erode', 'shift']);
  });

  it('of one who always replaces by the same: right masks are harmed', async () => {
    const corner = fromBox({ x1: 0, y1: 0, x2: 9, y2: 9 });
    const figures = repairFigures(
      await repairTrials(
        drawing(() => corner),
        photos,
        task,
      ),
    );
    expect(figures.harm).toBe(1);
    expect(figures.after).toBe(0);
  });

  it('follows what is expected, whoever expects it', async () => {
    const trials = await repairTrials(drawing(truthOf), photos, task);
    const never = repairFigures(trials, () => -1);
    expect(never.after).toBe(never.before);
    const some = repairFigures(trials, ({ kind }: RepairTrial) => (kind === 'erode' ? 1 : 0));
    expect(some.kinds.erode?.after).toBe(1);
    expect(some.kinds.shift?.after).toBe(some.kinds.shift?.before);
  });
});

describe('averagePrecision', () => {
  const scored = (text: string) => [...text].map((letter, i) => ({ score: -i, isHit: letter === 'x' }));

  it('is the mean precision at each hit', () => {
    expect(averagePrecision(scored('xx..'))).toBe(1);
    expect(averagePrecision(scored('x.x.'))).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(averagePrecision(scored('..x'))).toBeCloseTo(1 / 3, 12);
  });

  it('takes equal scores for one step', () => {
    const even = [true, false, true, false].map((isHit) => ({ score: 0, isHit }));
    expect(averagePrecision(even)).toBe(0.5);
  });
});
