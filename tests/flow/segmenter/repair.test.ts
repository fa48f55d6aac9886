// A coarse mask to prompts and to a consensus: by segmenters of known answers, and by toy weights from end to end.
import { describe, expect, it } from 'vitest';
import type { DecodedImage, Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskArea, maskIou, toBitmap } from '../../../main/contract/rle.ts';
import { promptsFrom, repaired, unrated } from '../../../main/flow/segmenter/repair.ts';
import type { FoundLogits, SegmenterPrompt } from '../../../main/flow/segmenter/zoom.ts';
import { enlargedMask, type Grid, type PicturePart } from '../../../main/pictures/enlarge.ts';
import type { RepairRecord } from '../../../main/weights/records/repairRecord.ts';
import { disc, fromBox, HEIGHT, WIDTH } from '../../pictures/disc.ts';

const { image, truth } = disc(16);
const whole: PicturePart = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
const side = 48;

/** The mask as logits of a square grid over the picture. */
function gridOf(mask: Mask): Grid {
  const bitmap = toBitmap(mask);
  const data = Float32Array.from({ length: side * side }, (_, i) => {
    const x = Math.floor((((i % side) + 0.5) / side) * WIDTH);
    const y = Math.floor(((Math.floor(i / side) + 0.5) / side) * HEIGHT);
    return bitmap[y * WIDTH + x] ? 5 : -5;
  });
  return { width: side, height: side, data };
}

/** Draws for every ask what it is told to, and remembers the asks. */
const drawing = (answer: (ask: SegmenterPrompt) => Mask, asked: SegmenterPrompt[] = []) => ({
  find: async (_: DecodedImage, ask: SegmenterPrompt): Promise<FoundLogits> => {
    asked.push(ask);
    return { values: gridOf(answer(ask)), place: whole, quality: 0.9 };
  },
  draw: (picture: DecodedImage, { values, place }: Pick<FoundLogits, 'values' | 'place'>) =>
    enlargedMask(values, picture, place),
});

/** Expects the same of everything. */
const expecting = (base: number): RepairRecord => ({
  ...{ features: ['same'], base, trees: [], margin: 0 },
  figures: { before: 0, after: 0, harm: 0, auprc: 0, masks: 0 },
});
const coarse = fromBox({ x1: 18, y1: 10, x2: 50, y2: 42 });
const nothing = fromBitmap(new Uint8Array(WIDTH * HEIGHT), WIDTH, HEIGHT);

describe('promptsFrom', () => {
  const { rough, plain } = promptsFrom(coarse, image);

  it('gives the soft mask each time, and room around its box, which stays in the picture', () => {
    expect(rough.every((ask) => ask.rough === coarse)).toBe(true);
    expect(plain).toEqual({ box: { x1: 18, y1: 10, x2: 50, y2: 42 } });
    const boxes = rough.flatMap(({ box }) => box ?? []);
    expect(boxes).toHaveLength(2);
    for (const box of boxes) expect(box).toEqual({ x1: 13.2, y1: 5.2, x2: 54.8, y2: 46.8 });
    const edge = promptsFrom(fromBox({ x1: 0, y1: 0, x2: 40, y2: 40 }), image).rough.flatMap(({ box }) => box ?? []);
    expect(edge[0]).toEqual({ x1: 0, y1: 0, x2: 46, y2: 46 });
  });

  it('points where it is deepest inside, and away from it outside', () => {
    const points = rough.flatMap((ask) => ask.points ?? []);
    const bitmap = toBitmap(coarse);
    const isInside = ({ x, y }: { x: number; y: number }) => bitmap[Math.floor(y) * WIDTH + Math.floor(x)] === 1;
    expect(points.filter(({ sign }) => sign === '+').every(isInside)).toBe(true);
    expect(points.filter(({ sign }) => sign === '-').some(isInside)).toBe(false);
    const [first] = points;
    expect(Math.hypot((first?.x ?? 0) - 34, (first?.y ?? 0) - 26)).toBeLessThan(3);
    expect(points.some(({ sign }) => sign === '-')).toBe(true);
  });
});

describe('repaired', () => {
  it('gives what most prompts agree on, and what is expected of it', async () => {
    const found = await repaired(
      drawing(() => truth),
      image,
      coarse,
      expecting(0.2),
    );
    expect(found && maskIou(found.mask, truth)).toBeGreaterThan(0.9);
    expect(found?.gain).toBeCloseTo(0.2, 12);
    expect(found?.boundary).toBeGreaterThan(0.3);
    expect(Object.values(found?.features ?? {}).every(Number.isFinite)).toBe(true);
  });

  it('is not led astray by one prompt', async () => {
    const odd = drawing((ask) => (ask.points && !ask.box ? fromBox({ x1: 0, y1: 0, x2: 9, y2: 9 }) : truth));
    const found = await repaired(odd, image, coarse, expecting(0));
    expect(found && maskIou(found.mask, truth)).toBeGreaterThan(0.9);
  });

  it('asks again with what it found until that settles', async () => {
    const asked: SegmenterPrompt[] = [];
    await repaired(
      drawing(() => truth, asked),
      image,
      coarse,
      null,
    );
    const again = asked.filter(({ rough }) => rough !== undefined && rough !== coarse);
    expect(again).toHaveLength(1);
    expect(again[0]?.rough && maskIou(again[0].rough, truth)).toBeGreaterThan(0.9);
  });

  it('expects nothing where nobody measured the weights', async () => {
    expect(
      (
        await repaired(
          drawing(() => truth),
          image,
          coarse,
          null,
        )
      )?.gain,
    ).toBeNull();
  });

  it('never calls better what lies farther from the edges of the picture', async () => {
    const worse = fromBox({ x1: 4, y1: 4, x2: 60, y2: 56 });
    const found = await repaired(
      drawing(() => worse),
      image,
      truth,
      expecting(0.5),
    );
    expect(found?.gain).toBe(0);
  });

  it('expects less by as much as the bare box sides with what stands', async () => {
    const siding = drawing((ask) => (ask.rough ? truth : coarse));
    const found = await repaired(siding, image, coarse, expecting(0.5));
    const { plainWithOld = 0, plainWithOwn = 0 } = found?.features ?? {};
    expect(plainWithOld).toBeGreaterThan(plainWithOwn + 0.1);
    expect(found?.gain).toBeCloseTo(0.5 - (plainWithOld - plainWithOwn), 12);
    expect((await repaired(siding, image, coarse, expecting(0.1)))?.gain).toBeLessThan(0);
    expect((await repaired(siding, image, coarse, null))?.gain).toBeNull();
  });

  it('is null of an empty mask, and where nothing is found', async () => {
    expect(
      await repaired(
        drawing(() => truth),
        image,
        nothing,
        null,
      ),
    ).toBeNull();
    expect(
      await repaired(
        drawing(() => nothing),
        image,
        coarse,
        null,
      ),
    ).toBeNull();
  });
});

describe('unrated', () => {
  it('draws once from box and mask, and expects nothing', async () => {
    const asked: SegmenterPrompt[] = [];
    const plain = {
      segment: async (_: DecodedImage, ask: SegmenterPrompt) => {
        asked.push(ask);
        return truth;
      },
    };
    const found = await unrated(plain, image, coarse);
    expect(found).toMatchObject({ mask: truth, gain: null });
    expect(asked).toEqual([{ box: { x1: 18, y1: 10, x2: 50, y2: 42 }, rough: coarse, points: [] }]);
    expect(await unrated({ segment: async () => nothing }, image, coarse)).toBeNull();
    expect(maskArea(nothing)).toBe(0);
  });
});
