// Encoder and decoder in one ONNX file: Loupe's own SAM 2, written so, gives the masks of the native path; and SAM 3 for words is named.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../main/contract/records.ts';
import { fromBitmap, maskIou } from '../../main/contract/rle.ts';
import { OnnxSegmenter } from '../../main/flow/onnxSegmenter.ts';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { Segmenter } from '../../main/flow/segmenter.ts';
import type { SegmenterPrompt } from '../../main/flow/zoom.ts';
import { exportNano } from '../../main/nano/export.ts';
import { openWeights, type Weights } from '../../main/weights/open.ts';
import { recipeFrom } from '../../main/weights/recipe.ts';
import { mul } from '../../models/graph/elementwise.ts';
import { input } from '../../models/graph/tensor.ts';
import { toyNano } from '../nano/toy.ts';
import { decoderOf, slots, write, writeOneFile } from './onnxFiles.ts';

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

describe('SAM 3 for words', () => {
  const named = (from: string, to: readonly string[]) => {
    const x = input(from, [1, 4]);
    return Object.fromEntries(to.map((one, i) => [one, mul(x, 2 + i)]));
  };

  it.each([
    {
      ...{ name: 'samexporter', picture: 'image', maps: ['vision_pos_enc_0', 'backbone_fpn_0'] },
      ...{ words: 'tokens', texts: ['text_attention_mask', 'text_memory'] },
    },
    {
      ...{ name: 'usls', picture: 'images', maps: ['fpn_feat_0', 'fpn_pos_2'] },
      ...{ words: 'input_ids', texts: ['text_features', 'text_mask'] },
    },
  ])('of $name is one sentence with what to take instead', async ({ name, picture, maps, words, texts }) => {
    const folder = path.join(root, `sam3 ${name}`);
    await mkdir(folder);
    await write(folder, 'picture.onnx', named(picture, maps));
    await write(folder, 'words.onnx', named(words, texts));
    const why =
      /sam3 .*: is SAM 3 for words, which Loupe does not run; .* take its tracker .* for words a LENS checkpoint$/;
    await expect(OnnxSegmenter.open(folder)).rejects.toThrow(why);
    await expect(recogniseModel(folder)).rejects.toThrow(why);
  });
});
