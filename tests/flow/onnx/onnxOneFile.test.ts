// Encoder and decoder in one ONNX file: Loupe's own SAM 2, written so, gives the masks of the native path; and SAM 3 for words is refused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { fromBitmap, maskIou } from '../../../main/contract/rle.ts';
import { OnnxSegmenter } from '../../../main/flow/onnx/onnxSegmenter.ts';
import { recogniseModel } from '../../../main/flow/recogniseModel.ts';
import { Segmenter } from '../../../main/flow/segmenter/segmenter.ts';
import type { SegmenterPrompt } from '../../../main/flow/segmenter/zoom.ts';
import { exportNano } from '../../../main/nano/export.ts';
import { openWeights, type Weights } from '../../../main/weights/open.ts';
import { recipeFrom } from '../../../main/weights/recipe.ts';
import { toyNano } from '../../nano/toy.ts';
import { decoderOf, slots, writeOneFile } from './onnxFiles.ts';
import { writeWordFiles } from './wordFiles.ts';

const [width, height] = [80, 60];
const pixel = (i: number) => (i * 37 + Math.floor(i / 7) * 11) % 251;
const image: DecodedImage = {
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => pixel(i)),
};
const box = { x1: 20, y1: 10, x2: 60, y2: 50 };
const points: SegmenterPrompt['points'] = [
  { x: 36, y: 28, sign: '+' },
  { x: 5, y: 40, sign: '-' },
];
const disc = (i: number) => (Math.hypot((i % width) - 40, i / width - 30) < 14 ? 1 : 0);
const rough = fromBitmap(
  Uint8Array.from({ length: width * height }, (_, i) => disc(i)),
  width,
  height,
);
const pointed: Record<string, SegmenterPrompt> = {
  clicks: { points },
  'a box': { box },
  'a box and clicks': { box, points },
};
const sketched: Record<string, SegmenterPrompt> = {
  'a rough mask': { rough },
  'a rough mask and a box': { rough, box },
};

const kinds = {
  a: {
    ...{ picture: 'image', asks: { ...pointed, ...sketched } },
    decoder: decoderOf({
      ...{ points: 'point_coords', labels: 'point_labels', labelType: 'float32', lead: [1], rough: true },
      ...{ features: ['image_embed', 'high_res_feats_0', 'high_res_feats_1'], outputs: ['masks', 'iou_predictions'] },
    }),
  },
  // Files of transformers.js have no rough mask.
  c: {
    ...{ picture: 'pixel_values', asks: pointed },
    decoder: decoderOf({
      ...{ points: 'input_points', labels: 'input_labels', labelType: 'int64', lead: [1, 1], boxes: 'heard' },
      ...{ features: ['image_embeddings.2', 'image_embeddings.0', 'image_embeddings.1'] },
      outputs: ['pred_masks', 'iou_scores'],
    }),
  },
} as const;

let root: string;
let weights: Weights;
let native: Segmenter;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-one-file-'));
  await exportNano(toyNano({ seed: 6 }), path.join(root, 'toy'));
  const segmenter = { resize: 'float', slots, promptMap: false, choice: 'best', followsEdges: false };
  const recipe = recipeFrom({ base: 'nano', segmenter });
  weights = { ...(await openWeights(path.join(root, 'toy'))), recipe };
  native = await Segmenter.open(weights, {});
});
afterAll(async () => {
  await native.release();
  await rm(root, { recursive: true });
});

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('one file of dialect %s', (id) => {
  let segmenter: OnnxSegmenter;
  let folder: string;
  beforeAll(async () => {
    folder = await writeOneFile(weights, path.join(root, `one ${id}`), kinds[id]);
    segmenter = await OnnxSegmenter.open(folder, { threads: 1 });
  });
  afterAll(() => segmenter.release());

  it('is found from the names in it, and says what it costs', async () => {
    expect(segmenter.dialect).toBe(id);
    expect(segmenter.heard).toMatchObject({ boxes: true, rough: id === 'a' });
    expect(segmenter.warnings).toEqual([`one ${id} is one file, so every click encodes the picture again.`]);
    expect(await recogniseModel(folder)).toMatchObject({ kind: 'ONNX segmenter' });
  });

  it.each(Object.keys(kinds[id].asks))('gives the mask of the native path for %s', async (name) => {
    const asks: Readonly<Record<string, SegmenterPrompt>> = kinds[id].asks;
    const ask = asks[name] ?? {};
    const [own, theirs] = [await native.segment(image, ask), await segmenter.segment(image, ask)];
    expect(maskIou(theirs, own)).toBeGreaterThanOrEqual(0.999);
  });

  it('knows pictures apart', async () => {
    const other = { ...image, data: image.data.toReversed() };
    await segmenter.prepare(other);
    const [first, second] = [await segmenter.segment(image, { box }), await segmenter.segment(other, { box })];
    expect(first).not.toEqual(second);
    expect(await segmenter.segment(image, { box })).toEqual(first);
  });
});

it('SAM 3 for words takes no clicks, which is one sentence with what to take instead', async () => {
  const folder = await writeWordFiles(path.join(root, 'sam3'), 'd');
  await expect(OnnxSegmenter.open(folder)).rejects.toThrow(
    /sam3: is SAM 3 for words, which takes no clicks and boxes; choose it as the model for words .* its tracker/,
  );
});
