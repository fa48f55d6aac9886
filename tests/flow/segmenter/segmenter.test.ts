// Masks of toy weights: what training asked is what the editor asks, in image pixels of any picture.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../../main/contract/rle.ts';
import { Segmenter } from '../../../main/flow/segmenter/segmenter.ts';
import type { SegmenterPrompt } from '../../../main/flow/segmenter/zoom.ts';
import { exportNano } from '../../../main/nano/export.ts';
import { promptSlots, samSide } from '../../../main/nano/parameters/layout.ts';
import { askFeeds, boxSlots, type Slot } from '../../../main/nano/segmenter/segmenterBatch.ts';
import { decodeAsked, promptInputs } from '../../../main/nano/segmenter/segmenterGraph.ts';
import { openWeights, type Weights } from '../../../main/weights/open.ts';
import { recipeFrom } from '../../../main/weights/recipe.ts';
import { input } from '../../../models/graph/tensor.ts';
import { contextModule } from '../../../models/lens/contextModule.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { imageEncoder } from '../../../models/sam2/imageEncoder.ts';
import { prepareSamImage } from '../../../models/sam2/processor.ts';
import { chooseMask, enlargeLogits } from '../../../models/sam2/segmenter.ts';
import { evaluate } from '../../evaluate.ts';
import { context, segmenter as sizes, toyNano } from '../../nano/toy.ts';
import { disc, HEIGHT, WIDTH } from '../../pictures/disc.ts';
import { largestDifference } from '../../tensors.ts';

const still = recipeFrom({ base: 'nano', segmenter: { slots: promptSlots, followsEdges: false } });
const moving = recipeFrom({ base: 'nano', segmenter: { slots: promptSlots, followsEdges: true } });
const nano = toyNano({ seed: 6 });
const { image, truth } = disc(12);
const box = { x1: 20, y1: 10, x2: 50, y2: 45 };

let folder: string;
let weights: Weights;
let segmenter: Segmenter;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-segmenter-'));
  await exportNano(nano, folder);
  weights = await openWeights(folder);
  // The masks of weights that learnt nothing have no outline that could be moved to an edge.
  segmenter = await Segmenter.open({ ...weights, recipe: still }, {});
});
afterAll(async () => {
  await segmenter.release();
  await rm(folder, { recursive: true });
});

/** The mask by the graph that trains, on the parameters before they were stored as 16-bit numbers. */
async function byTraining(slots: readonly Slot[], token?: Float32Array): Promise<Mask> {
  const source = nano.parameters.source();
  const p = paramsFrom(source).at('sam');
  const features = imageEncoder(p, sizes, input('image', [1, 3, samSide, samSide]));
  const text = token && input('token', [1, 1, sizes.width]);
  const { masks, iou } = decodeAsked(p, sizes, features, { ...promptInputs(1), ...(text ? { text } : {}) });
  const data = { image: prepareSamImage(image, samSide), ...askFeeds([{ slots, rough: null }]) };
  const parameters = nano.parameters.feeds(source.tensors.keys());
  const got = await evaluate({ masks, iou }, { ...data, ...parameters, ...(token ? { token } : {}) });
  const logits = Float32Array.from(got.masks ?? []);
  const area = logits.length / 4;
  const chosen = chooseMask(logits, Float32Array.from(got.iou ?? []));
  const full = enlargeLogits(logits.slice(chosen * area, (chosen + 1) * area), image);
  return fromBitmap(
    Uint8Array.from(full, (v) => (v > 0 ? 1 : 0)),
    WIDTH,
    HEIGHT,
  );
}

/** Pixels in which two masks differ. */
function differing(a: Mask, b: Mask): number {
  const [one, other] = [pixels(a), pixels(b)];
  return one.filter((inside, i) => inside !== other[i]).length;
}

const pixels = ({ counts }: Mask): boolean[] => counts.flatMap((run, k) => new Array<boolean>(run).fill(k % 2 === 1));

describe('segment', () => {
  const clicks: SegmenterPrompt['points'] = [
    { x: 36, y: 28, sign: '+' },
    { x: 5, y: 50, sign: '-' },
  ];
  const waving = Float32Array.from({ length: sizes.width }, (_, i) => Math.sin(i));
  const asks: Record<string, SegmenterPrompt> = {
    box: { box },
    points: { points: clicks },
    both: { box, points: clicks },
    rough: { rough: truth },
    'box and rough': { box, rough: truth },
    token: { token: waving },
    nothing: {},
  };

  it.each(Object.keys(asks))('answers %s with a mask as large as the picture, always the same', async (name) => {
    const mask = await segmenter.segment(image, asks[name] ?? {});
    expect(Mask.parse(mask)).toEqual(mask);
    expect(mask.size).toEqual([HEIGHT, WIDTH]);
    expect(await segmenter.segment(image, asks[name] ?? {})).toEqual(mask);
  });

  it('hears every kind of prompt', async () => {
    const masks = await Promise.all(Object.values(asks).map((ask) => segmenter.segment(image, ask)));
    expect(new Set(masks.map((mask) => JSON.stringify(mask))).size).toBe(masks.length);
    const moved = await segmenter.segment(image, { points: clicks.map(({ x, y }) => ({ x, y, sign: '+' })) });
    expect(moved).not.toEqual(await segmenter.segment(image, { points: clicks }));
  });

  it('asks as training did: a box, clicks, a token', async () => {
    const scale = { x: samSide / WIDTH, y: samSide / HEIGHT };
    const at = (x: number, y: number, label: Slot['label']): Slot => ({ x: x * scale.x, y: y * scale.y, label });
    const corners = [at(box.x1, box.y1, 2), at(box.x2, box.y2, 3)];
    const points = [at(36, 28, 1), at(5, 50, 0)];
    const close = async (ask: SegmenterPrompt, slots: readonly Slot[], token?: Float32Array) =>
      differing(await segmenter.segment(image, ask), await byTraining(slots, token)) / (WIDTH * HEIGHT);
    // Weights stored in 16 bits move a few pixels that stand at the threshold.
    expect(await close({ box }, corners)).toBeLessThan(0.02);
    expect(await close({ box, points: clicks }, [...corners, ...points])).toBeLessThan(0.02);
    expect(await close({ token: waving }, [], waving)).toBeLessThan(0.02);
    expect(boxSlots(box, samSide)[1]).toEqual({ x: 50, y: 45, label: 3 });
  });

  it('takes more clicks than it was trained with', async () => {
    const many: SegmenterPrompt['points'] = Array.from({ length: 9 }, (_, i) => ({ x: 30 + i, y: 20 + i, sign: '+' }));
    const mask = await segmenter.segment(image, { box, points: many });
    expect(mask.size).toEqual([HEIGHT, WIDTH]);
    expect(mask).not.toEqual(await segmenter.segment(image, { box, points: many.slice(0, 2) }));
  });

  it('knows pictures apart', async () => {
    const other = disc(25).image;
    expect(await segmenter.segment(other, { box })).not.toEqual(await segmenter.segment(image, { box }));
  });

  it('moves outlines to the edges of the picture for weights that ask for it', async () => {
    const following = await Segmenter.open({ ...weights, recipe: moving }, {});
    expect(await following.segment(image, { box })).not.toEqual(await segmenter.segment(image, { box }));
    await following.release();
  });

  it('looks at the part around what is pointed at, where the weights say so', async () => {
    const zooming = recipeFrom({
      base: 'nano',
      segmenter: { slots: promptSlots, followsEdges: false, crop: { context: 1.4, search: [1, 0.5] } },
    });
    const opened = await Segmenter.open({ ...weights, recipe: zooming }, {});
    const small = { x1: 30, y1: 20, x2: 40, y2: 30 };
    const part = await opened.segment(image, { box: small });
    expect(part).not.toEqual(await segmenter.segment(image, { box: small }));
    // A square of at least 24 pixels around the box: nothing outside of it is inside.
    const place = maskBox(part);
    expect(Math.min(place.x1, 23)).toBe(23);
    expect(Math.max(place.x2, 47)).toBe(47);
    for (const ask of Object.values(asks)) {
      const mask = await opened.segment(image, ask);
      expect(mask.size).toEqual([HEIGHT, WIDTH]);
      expect(await opened.segment(image, ask)).toEqual(mask);
    }
    await opened.release();
  });

  it('draws in pictures of any size', async () => {
    const small = { width: 3, height: 5, data: new Uint8Array(45).fill(90) };
    expect((await segmenter.segment(small, { points: [{ x: 1, y: 1, sign: '+' }] })).size).toEqual([5, 3]);
  });
});

describe('token', () => {
  it('is what the context module makes of the states of one answer', async () => {
    const states = Float32Array.from({ length: context.numOfQuery * context.hidden }, (_, i) => Math.cos(i * 0.3));
    const kept = await segmenter.token(states);
    expect([kept.shape, kept.location]).toEqual([[1, 1, sizes.width], 'cpu']);
    const token = await kept.read();
    const source = nano.parameters.source();
    const module = contextModule(paramsFrom(source), context, input('states', [1, context.numOfQuery, context.hidden]));
    const got = await evaluate({ module }, { states, ...nano.parameters.feeds(source.tensors.keys()) });
    expect(token).toHaveLength(sizes.width);
    expect(largestDifference(token, got.module ?? [])).toBeLessThan(2e-3);
    expect(Math.max(...token.map(Math.abs))).toBeGreaterThan(1e-2);
  });
});
