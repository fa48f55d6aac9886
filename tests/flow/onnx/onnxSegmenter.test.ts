// Segmenters of other tools: Loupe's own SAM 2 under each dialect's names gives the masks of the native path; traps are found.
import { copyFile, mkdir, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import type { DecodedImage, Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskIou, toBitmap } from '../../../main/contract/rle.ts';
import { OnnxSegmenter } from '../../../main/flow/onnx/onnxSegmenter.ts';
import { loadPredictor } from '../../../main/flow/predict.ts';
import { Segmenter } from '../../../main/flow/segmenter/segmenter.ts';
import type { SegmenterPrompt } from '../../../main/flow/segmenter/zoom.ts';
import { exportNano } from '../../../main/nano/export.ts';
import { openWeights, type Weights } from '../../../main/weights/open.ts';
import { recipeFrom } from '../../../main/weights/recipe.ts';
import { input } from '../../../models/graph/tensor.ts';
import { floats } from '../../../models/graph/value.ts';
import { resizePillow } from '../../../models/nn/resample.ts';
import { Session } from '../../../models/runtime/session.ts';
import { imageEncoder } from '../../../models/sam2/imageEncoder.ts';
import { maskDecoder } from '../../../models/sam2/maskDecoder.ts';
import { prepareSamImage } from '../../../models/sam2/processor.ts';
import { promptEncoder } from '../../../models/sam2/promptEncoder.ts';
import { rankAlternatives } from '../../../models/sam2/segmenter.ts';
import { toyNano, segmenter as toySizes } from '../../nano/toy.ts';
import { decoderOf, encoderOf, positionedEncoderOf, slots, unitEncoderOf, writeDialect } from './onnxFiles.ts';

/** 4 : 3, so that a picture whose aspect is kept fills whole cells of the grid. */
const image = drawn();
const [WIDTH, HEIGHT] = [image.width, image.height];
const box = { x1: 20, y1: 10, x2: 60, y2: 50 };
const clicks: SegmenterPrompt['points'] = [
  { x: 36, y: 28, sign: '+' },
  { x: 5, y: 40, sign: '-' },
];
const rough = fromBitmap(
  Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => (Math.hypot((i % WIDTH) - 40, i / WIDTH - 30) < 14 ? 1 : 0)),
  WIDTH,
  HEIGHT,
);
const predictor = recipeFrom({
  base: 'nano',
  segmenter: { resize: 'float', slots, promptMap: false, choice: 'best', followsEdges: false },
});

function drawn(): DecodedImage {
  const [width, height] = [80, 60];
  const value = (i: number) => (i * 37 + Math.floor(i / 7) * 11) % 251;
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => value(i)) };
}

let root: string;
let weights: Weights;
let native: Segmenter;
const opened: OnnxSegmenter[] = [];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-onnx-'));
  await exportNano(toyNano({ seed: 6 }), path.join(root, 'toy'));
  weights = { ...(await openWeights(path.join(root, 'toy'))), recipe: predictor };
  native = await Segmenter.open(weights, {});
});
afterAll(async () => {
  for (const one of opened) await one.release();
  await native.release();
  await rm(root, { recursive: true });
});

async function open(folder: string): Promise<OnnxSegmenter> {
  const segmenter = await OnnxSegmenter.open(folder, { threads: 1 });
  opened.push(segmenter);
  return segmenter;
}

const samexporter = ['image_embed', 'high_res_feats_0', 'high_res_feats_1'];
const hub = ['image_embeddings.2', 'image_embeddings.0', 'image_embeddings.1'];
const corners = {
  points: 'point_coords',
  labels: 'point_labels',
  labelType: 'float32',
  lead: [1],
  rough: true,
} as const;
const transformers = { points: 'input_points', labels: 'input_labels', labelType: 'int64', lead: [1, 1] } as const;

const files = {
  a: {
    encoder: encoderOf('image', samexporter),
    decoder: decoderOf({ ...corners, features: samexporter, outputs: ['masks', 'iou_predictions'] }),
  },
  b2: {
    encoder: encoderOf('input', ['one', 'two', 'three']),
    decoder: decoderOf({
      ...{ ...corners, features: ['image_embeddings', 'high_res_features1', 'high_res_features2'], size: 'int64' },
      outputs: ['some_masks', 'some_scores'],
    }),
  },
  c: {
    encoder: encoderOf('pixel_values', hub, [1, 2, 0]),
    decoder: decoderOf({ ...transformers, features: hub, outputs: ['pred_masks', 'iou_scores'] }),
  },
  'c with boxes': {
    encoder: encoderOf('pixel_values', hub, [1, 2, 0]),
    decoder: decoderOf({ ...transformers, features: hub, outputs: ['pred_masks', 'iou_scores'], boxes: 'heard' }),
  },
};
const asks: Record<string, SegmenterPrompt> = {
  clicks: { points: clicks },
  'a box': { box },
  'a box and clicks': { box, points: clicks },
  'a rough mask': { rough },
  'a rough mask and a box': { rough, box },
};

describe.each(Object.keys(files) as (keyof typeof files)[])('dialect %s', (name) => {
  let segmenter: OnnxSegmenter;
  beforeAll(async () => {
    segmenter = await open(await writeDialect(weights, path.join(root, name), files[name]));
  });

  it('is found from the names in its files, and hears every prompt that it has', () => {
    expect(segmenter.dialect).toBe(name.split(' ')[0]);
    expect(segmenter.heard.boxes).toBe(true);
    expect(segmenter.heard.rough).toBe(name === 'a' || name === 'b2');
  });

  it.each(Object.keys(asks))('gives the mask of the native path for %s', async (kind) => {
    const ask = asks[kind] ?? {};
    // Files of transformers.js have no rough mask: it is said by its box and a click inside.
    if (ask.rough && name.startsWith('c')) return;
    const [own, theirs] = [await native.segment(image, ask), await segmenter.segment(image, ask)];
    expect(maskIou(theirs, own)).toBeGreaterThanOrEqual(0.999);
  });

  it('encodes a picture once, and knows pictures apart', async () => {
    const other = { ...image, data: image.data.toReversed() };
    const first = await segmenter.segment(image, { box });
    expect(await segmenter.segment(image, { box })).toEqual(first);
    expect(await segmenter.segment(other, { box })).not.toEqual(first);
  });
});

it.each(['a', 'b2', 'c'] as const)('dialect %s is heard behind the name of a scope, too', async (name) => {
  const folder = await writeDialect(weights, path.join(root, `scoped ${name}`), {
    ...files[name],
    scope: 'sam2/model.',
  });
  const segmenter = await open(folder);
  expect(segmenter.dialect).toBe(name);
  for (const ask of [{ points: clicks }, { box }])
    expect(maskIou(await segmenter.segment(image, ask), await native.segment(image, ask))).toBeGreaterThanOrEqual(
      0.999,
    );
});

describe('dialects of SAM 1', () => {
  const side = toySizes.imageSize;
  const cells = side / 4;
  const rows = (cells * 3) / 4;
  const crop = { height: rows, width: cells };
  const outputs = ['masks', 'iou_predictions'] as const;
  const sizes = { size: 'float32', padded: true, crop, outputs } as const;

  /** There is one map of features; `share` of the square's rows is the picture, from above. */
  async function expected(ask: SegmenterPrompt, share = 0.75): Promise<Mask> {
    const p = weights.params.at('sam');
    const { segmenter: config } = weights;
    const features = imageEncoder(p, config, input('image', [1, 3, side, side]));
    const none = (t: typeof features.s0) => input(`zero${t.shape.join('x')}`, t.shape);
    const count = slots;
    const prompts = promptEncoder(p, config, {
      points: { at: input('at', [1, count, 2]), labels: input('labels', [1, count], 'float32') },
    });
    const zero = { embed: features.embed, s0: none(features.s0), s1: none(features.s1) };
    const { masks, iou } = maskDecoder(p, config, zero, prompts);
    const session = await Session.create({ masks, iou }, { folder: weights.folder });
    const [across, down] = [side / WIDTH, (side * share) / HEIGHT];
    const all = [
      ...(ask.box ? [[ask.box.x1, ask.box.y1, 2] as const, [ask.box.x2, ask.box.y2, 3] as const] : []),
      ...(ask.points ?? []).map(({ x, y, sign }) => [x, y, sign === '+' ? 1 : 0] as const),
    ];
    const at = new Float32Array(count * 2);
    const labels = new Float32Array(count).fill(-1);
    all.forEach(([x, y, label], i) => {
      at.set([x * across, y * down], i * 2);
      labels[i] = label;
    });
    const zeros = [features.s0, features.s1].map((t) => {
      return [`zero${t.shape.join('x')}`, new Float32Array(t.shape.reduce((a, b) => a * b))] as const;
    });
    const results = await session.run({
      image: share < 1 ? padded() : prepareSamImage(image, side, 'float'),
      at,
      labels,
      ...Object.fromEntries(zeros),
    });
    await session.release();
    const best = rankAlternatives(floats(results, 'iou'))[0] ?? 0;
    const grid = floats(results, 'masks').subarray(best * cells * cells, (best + 1) * cells * cells);
    const cellAt = (pixel: number, of: number, over: number) => ((pixel + 0.5) * over) / of - 0.5;
    const bitmap = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
      const x = cellAt(i % WIDTH, WIDTH, cells);
      const y = cellAt(Math.floor(i / WIDTH), HEIGHT, cells * share);
      return bilinear(grid, { x, y, last: cells * share - 1 }) > 0 ? 1 : 0;
    });
    return fromBitmap(bitmap, WIDTH, HEIGHT);
  }

  const bilinear = (grid: Float32Array, { x, y, last }: { x: number; y: number; last: number }): number => {
    const value = (column: number, row: number) =>
      grid[Math.min(last, Math.max(0, row)) * cells + Math.min(cells - 1, Math.max(0, column))] ?? 0;
    const [left, top] = [Math.floor(Math.max(0, x)), Math.floor(Math.max(0, y))];
    const [u, v] = [Math.max(0, x) - left, Math.max(0, y) - top];
    const upper = value(left, top) * (1 - u) + value(left + 1, top) * u;
    return upper * (1 - v) + (value(left, top + 1) * (1 - u) + value(left + 1, top + 1) * u) * v;
  };

  /** [3, side, side], three quarters of it the picture. */
  function padded(): Float32Array<ArrayBuffer> {
    const small = resizePillow(image, { width: side, height: side * 0.75 }, 'bilinear');
    // Of this size already, so only normalised.
    const square = { width: side, height: side, data: new Uint8Array(side * side * 3) };
    square.data.set(small.data);
    const out = prepareSamImage(square, side);
    for (let channel = 0; channel < 3; channel++)
      out.fill(0, (channel + 0.75) * side * side, (channel + 1) * side * side);
    return out;
  }

  it.each([
    ['a1', 'input_image'],
    ['b', 'x'],
  ])('%s keeps the aspect, and gives the same masks', async (id, name) => {
    const folder = await writeDialect(weights, path.join(root, id), {
      encoder: encoderOf(name, ['image_embeddings']),
      decoder: decoderOf({ ...corners, ...sizes, features: ['image_embeddings'] }),
    });
    const segmenter = await open(folder);
    expect(segmenter.dialect).toBe(id);
    for (const ask of [{ points: clicks }, { box }, { box, points: clicks }])
      expect(maskIou(await segmenter.segment(image, ask), await expected(ask))).toBeGreaterThanOrEqual(0.999);
  });

  it('b3, EfficientSAM, takes pixels from 0 to 1 of the whole square', async () => {
    const folder = await writeDialect(weights, path.join(root, 'b3'), {
      encoder: unitEncoderOf('batched_images', 'image_embeddings'),
      decoder: decoderOf({
        ...{ points: 'batched_point_coords', labels: 'batched_point_labels', labelType: 'float32', lead: [1, 1] },
        ...{ features: ['image_embeddings'], size: 'int64', outputs: ['output_masks', 'iou_predictions'] },
      }),
    });
    const segmenter = await open(folder);
    expect(segmenter.dialect).toBe('b3');
    for (const ask of [{ points: clicks }, { box }, { box, points: clicks }])
      expect(maskIou(await segmenter.segment(image, ask), await expected(ask, 1))).toBeGreaterThanOrEqual(0.999);
  });

  it('c1, SAM of transformers.js, hands its positions on, keeps the aspect, and cuts what is beyond the picture', async () => {
    const names = ['image_embeddings', 'image_positional_embeddings'] as const;
    const folder = await writeDialect(weights, path.join(root, 'c1'), {
      encoder: positionedEncoderOf('pixel_values', names),
      decoder: decoderOf({
        ...{
          ...transformers,
          features: ['image_embeddings'],
          positions: names[1],
          outputs: ['pred_masks', 'iou_scores'],
        },
      }),
    });
    const segmenter = await open(folder);
    expect(segmenter.dialect).toBe('c1');
    for (const ask of [{ points: clicks }, { box }, { box, points: clicks }])
      expect(maskIou(await segmenter.segment(image, ask), await expected(ask))).toBeGreaterThanOrEqual(0.999);
  });
});

describe('words by one, clicks by another', () => {
  it('sends what is pointed at to the other segmenter, and answers to words to its own', async () => {
    const toy = path.join(root, 'toy');
    const other = path.join(root, 'a');
    const [plain, paired] = [await loadPredictor(toy), await loadPredictor(toy, { segmenter: other })];
    expect([plain.segmenterName, paired.segmenterName]).toEqual([null, 'a']);
    const theirs = opened.find(({ dialect }) => dialect === 'a');
    await paired.prepare(image);
    expect(await paired.segment(image, { box })).toEqual(await theirs?.segment(image, { box }));
    expect(await paired.segment(image, { box })).not.toEqual(await plain.segment(image, { box }));
    const asked = { text: 'the dog', box };
    const answers = await Promise.all([plain, paired].map((one) => one.predict(image, asked)));
    expect(answers[1]?.objects).toEqual(answers[0]?.objects);
    await Promise.all([plain, paired].map((one) => one.release()));
  });

  it('says in one sentence that the other cannot be opened', async () => {
    const nowhere = path.join(root, 'nowhere');
    await expect(loadPredictor(path.join(root, 'toy'), { segmenter: nowhere })).rejects.toThrow(
      new BadInput(`${nowhere}: there is no such segmenter`),
    );
  });
});

describe('traps', () => {
  it('a decoder that ignores boxes is found out, and a click stands for the box', async () => {
    const deaf = { ...transformers, features: hub, outputs: ['pred_masks', 'iou_scores'] as const };
    const folder = await writeDialect(weights, path.join(root, 'deaf'), {
      encoder: files.c.encoder,
      decoder: decoderOf({ ...deaf, boxes: 'ignored' }),
    });
    const segmenter = await open(folder);
    expect(segmenter.heard.boxes).toBe(false);
    expect(segmenter.warnings.join()).toMatch(/^deaf does not hear boxes; a click in the middle/);
    const middle: SegmenterPrompt['points'] = [{ x: 40, y: 30, sign: '+' }];
    expect(await segmenter.segment(image, { box })).toEqual(await segmenter.segment(image, { points: middle }));
  });

  it('a rough mask that cannot be said is not lost', async () => {
    const segmenter = opened.find(({ dialect }) => dialect === 'c');
    const inside = segmenter && (await segmenter.segment(image, { rough }));
    const bitmap = toBitmap(rough);
    const columns = [...bitmap.keys()].filter((i) => bitmap[i]).map((i) => i % WIDTH);
    expect(inside?.size).toEqual([HEIGHT, WIDTH]);
    expect(inside).not.toEqual(await segmenter?.segment(image, {}));
    expect(Math.min(...columns)).toBeGreaterThan(0);
  });

  it('more points than the files take are one sentence', async () => {
    const segmenter = opened.find(({ dialect }) => dialect === 'a');
    const points = Array.from({ length: 5 }, (_, i) => ({ x: i, y: i, sign: '+' }) as const);
    await expect(segmenter?.segment(image, { points })).rejects.toThrow(
      new BadInput('this segmenter takes 4 points at a time, and 5 are needed'),
    );
  });
});

describe('files that cannot be used are one sentence:', () => {
  /** A copy of dialect a's files for a test to break. */
  async function broken(name: string, change: (at: (file: string) => string) => Promise<unknown>): Promise<string> {
    const folder = path.join(root, name);
    await mkdir(folder);
    for (const file of ['encoder.onnx', 'decoder.onnx', 'model.safetensors'])
      await copyFile(path.join(root, 'a', file), path.join(folder, file));
    await change((file) => path.join(folder, file));
    return folder;
  }

  it.each([
    [
      'no-encoder',
      (at: Path) => unlink(at('encoder.onnx')),
      /decoder\.onnx is the decoder .* encoder's file is missing/,
    ],
    [
      'no-decoder',
      (at: Path) => unlink(at('decoder.onnx')),
      /encoder\.onnx is the encoder .* decoder's file is missing/,
    ],
    ['no-data', (at: Path) => unlink(at('model.safetensors')), /its data file model\.safetensors is missing/],
    ['other', (at: Path) => writeFile(at('encoder.onnx'), 'PK this is an archive'), /encoder\.onnx: is no ONNX file/],
    ['empty', (at: Path) => writeFile(at('encoder.onnx'), ''), /encoder\.onnx: is no ONNX file/],
    [
      'cut',
      async (at: Path) => writeFile(at('decoder.onnx'), (await readFile(at('decoder.onnx'))).subarray(0, 5000)),
      /decoder\.onnx: is no ONNX file, or is cut off/,
    ],
  ])('%s', async (name, change, wanted) => {
    await expect(OnnxSegmenter.open(await broken(name, change))).rejects.toThrow(wanted);
  });

  it('no files, no folder, and names that nobody knows', async () => {
    const empty = path.join(root, 'nothing');
    await mkdir(empty);
    await expect(OnnxSegmenter.open(empty)).rejects.toThrow(`${empty}: holds no .onnx file`);
    await expect(OnnxSegmenter.open(path.join(root, 'nowhere'))).rejects.toThrow(/there is no such folder/);
    const strange = await writeDialect(weights, path.join(root, 'strange'), {
      encoder: encoderOf('photo', samexporter),
      decoder: decoderOf({ ...corners, features: ['q', 'r', 's'], outputs: ['m', 'n'] }),
    });
    await expect(OnnxSegmenter.open(strange)).rejects.toThrow(
      /no segmenter that Loupe knows takes inputs of these names/,
    );
  });

  it('a newer opset', async () => {
    const folder = await broken('opset', async (at) => {
      const bytes = await readFile(at('encoder.onnx'));
      // The last fields are the opsets: standard domain, then Microsoft's.
      const place = bytes.lastIndexOf(Buffer.from('com.microsoft')) - 5;
      bytes[place] = 99;
      await writeFile(at('encoder.onnx'), bytes);
    });
    await expect(OnnxSegmenter.open(folder)).rejects.toThrow(/is written in opset 99, and the ONNX Runtime/);
  });
});

type Path = (file: string) => string;
