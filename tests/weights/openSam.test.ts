// SAM 1 and MobileSAM checkpoints: full-size tensors name by name, both layouts the same masks, and what does not fit is one list.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recogniseModel } from '../../main/flow/recogniseModel.ts';
import { Segmenter } from '../../main/flow/segmenter/segmenter.ts';
import type { SegmenterPrompt } from '../../main/flow/segmenter/zoom.ts';
import { openSam, openSegmenter } from '../../main/weights/openSam.ts';
import { askedBy } from '../../main/weights/segmenterFile.ts';
import { segmenterDigest } from '../../main/weights/taughtSegmenter.ts';
import { input, type Shape, size } from '../../models/graph/tensor.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { type SamConfig, samVariants } from '../../models/sam/config.ts';
import { samImageEncoder } from '../../models/sam/imageEncoder.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { prepareKeptImage } from '../../models/sam2/processor.ts';
import { promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { evaluate } from '../evaluate.ts';
import { disc, HEIGHT, WIDTH } from '../pictures/disc.ts';
import {
  authorsName,
  inAuthorsNames,
  mobileSamFixture,
  samFixture,
  shapesFile,
  toyMobileSam,
  toySam,
  weightsOf,
} from '../sam/fixture.ts';
import { largestDifference } from '../tensors.ts';

const toys = { toy: toySam, 'toy-mobile': toyMobileSam };
const { image } = disc(12);
const box = { x1: 20, y1: 10, x2: 50, y2: 45 };
const point = { x: 36, y: 28, sign: '+' } as const;
const asks: Record<string, SegmenterPrompt> = {
  click: { points: [point] },
  box: { box },
  both: { box, points: [point, { x: 5, y: 50, sign: '-' }] },
  rough: { points: [point], rough: disc(9).truth },
};

let root: string;
let hub: Record<string, TensorToWrite>;
let mobile: Record<string, TensorToWrite>;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-sam-'));
  hub = await weightsOf(samFixture);
  const decoder = Object.entries(inAuthorsNames(hub)).filter(([name]) => !name.startsWith('image_encoder.'));
  mobile = { ...(await weightsOf(mobileSamFixture)), ...Object.fromEntries(decoder) };
});
afterAll(() => rm(root, { recursive: true }));

async function written(name: string, tensors: Record<string, TensorToWrite>): Promise<string> {
  const file = path.join(root, name);
  await writeSafetensors(file, tensors);
  return file;
}

async function masksOf(file: string) {
  const segmenter = await Segmenter.open(await openSam(file, toys), {});
  const masks = [];
  for (const ask of Object.values(asks)) masks.push(await segmenter.segment(image, ask));
  await segmenter.release();
  return masks;
}

interface Shapes {
  readonly hub: Record<string, Shape>;
  readonly tinyVit: Record<string, Shape>;
  /** Count of tensors and of numbers in them. */
  readonly totals: Record<string, [number, number]>;
}

describe('the published models', async () => {
  const shapes = JSON.parse(await readFile(shapesFile, 'utf8')) as Shapes;
  const published = inAuthorsNames(shapes.hub);
  const asked = (config: SamConfig) =>
    Object.fromEntries([...askedBy(config)].map(([name, shape]) => [name, [...shape]]));

  it('SAM ViT-B has the tensors that are asked for, and no other', () => {
    expect(Object.keys(published)).toHaveLength(314);
    expect(asked(samVariants['sam-vit-b'])).toEqual(published);
  });

  it.each(['sam-vit-b', 'sam-vit-l', 'sam-vit-h'] as const)('%s is as large as transformers builds it', (name) => {
    const all = Object.values(asked(samVariants[name]));
    expect([all.length, all.reduce((sum, shape) => sum + size(shape), 0)]).toEqual(shapes.totals[name]);
  });

  it('MobileSAM has TinyViT’s tensors but for its head, with SAM’s neck and decoder', () => {
    const left = /norm_head|\.head\.|num_batches_tracked/;
    const tiny = Object.entries(shapes.tinyVit).filter(([name]) => !left.test(name));
    const common = Object.entries(published).filter(([name]) => !/^image_encoder\.(?!neck)/.test(name));
    const wanted = Object.fromEntries([...tiny, ...common]);
    expect(asked(samVariants['mobile-sam'])).toEqual({ ...wanted, 'image_encoder.neck.0.weight': [256, 320, 1, 1] });
  });
});

describe('a SAM 1 checkpoint', () => {
  it("gives the same masks in its authors' layout and in the Hub's, whatever is pointed at", async () => {
    const masks = await masksOf(await written('hub.safetensors', hub));
    expect(masks).toHaveLength(4);
    for (const mask of masks) expect(mask.size).toEqual([HEIGHT, WIDTH]);
    expect(new Set(masks.map((mask) => JSON.stringify(mask))).size).toBe(4);
    expect(await masksOf(await written('authors.safetensors', inAuthorsNames(hub)))).toEqual(masks);
  });

  it('sees the picture with its aspect kept, and a box as two corners without a padding point', async () => {
    const { params, folder } = await openSam(await written('whole.safetensors', hub), toys);
    const p = params.at('sam');
    const features = samImageEncoder(p, toySam, input('image', [1, 3, 96, 96]));
    const scale = 96 / WIDTH;
    const prompts = promptEncoder(p, toySam, { box: input('box', [1, 4]) });
    const { masks, iou } = maskDecoder(p, toySam, features, prompts);
    const feeds = {
      image: prepareKeptImage(image, 96, 'pillow'),
      box: Float32Array.of(box.x1 * scale, box.y1 * scale, box.x2 * scale, box.y2 * scale),
    };
    const wanted = await evaluate({ masks, iou }, feeds, { folder });
    const segmenter = await Segmenter.open(await openSam(path.join(root, 'whole.safetensors'), toys), {});
    const found = await segmenter.find(image, asks.box ?? {});
    await segmenter.release();
    const [, ...others] = [...(wanted.iou ?? [])];
    expect(found.quality).toBeCloseTo(Math.max(...others), 5);
    const best = others.indexOf(Math.max(...others)) + 1;
    const mask = wanted.masks?.slice(best * 24 * 24, (best + 1) * 24 * 24) ?? [];
    expect(largestDifference(found.values.data, mask)).toBeLessThan(1e-4);
    expect(found.values.filled).toEqual({ width: 24, height: (24 * HEIGHT) / WIDTH });
  });

  it('is the safetensors of a folder that has others beside them', async () => {
    const folder = path.join(root, 'folder');
    await mkdir(folder);
    await writeFile(path.join(folder, 'a.pth'), 'no weights');
    await writeSafetensors(path.join(folder, 'model.safetensors'), hub);
    expect((await openSam(folder, toys)).name).toBe('toy');
    await writeSafetensors(path.join(folder, 'other.safetensors'), hub);
    expect((await openSam(folder, toys)).name).toBe('toy');
  });

  it('is read from shards by their index, each named that is not there', async () => {
    const folder = path.join(root, 'shards');
    await mkdir(folder);
    const names = Object.keys(hub);
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const shardOf = (i: number) => shards[i < names.length / 2 ? 0 : 1] ?? '';
    for (const shard of shards)
      await writeSafetensors(
        path.join(folder, shard),
        Object.fromEntries(Object.entries(hub).filter((_, i) => shardOf(i) === shard)),
      );
    await expect(openSam(folder, toys)).rejects.toThrow(
      /model-00001-of-00002\.safetensors without the index of its shards/,
    );
    const map = Object.fromEntries(names.map((name, i) => [name, shardOf(i)]));
    await writeFile(path.join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    expect(await masksOf(folder)).toEqual(await masksOf(await written('unsharded.safetensors', hub)));
    expect(await segmenterDigest(folder)).toMatch(/^[0-9a-f]{8}$/);
    await rm(path.join(folder, shards[1] ?? ''));
    await expect(openSam(folder, toys)).rejects.toThrow(/model-00002-of-00002\.safetensors: does not exist/);
  });

  it('is not guessed among several of a folder', async () => {
    const folder = path.join(root, 'several');
    await mkdir(folder);
    for (const name of ['sam_vit_b.pth', 'sam_vit_l.pth']) await writeFile(path.join(folder, name), 'no weights');
    await expect(openSam(folder)).rejects.toThrow(
      `${folder}: holds several models (sam_vit_b.pth, sam_vit_l.pth); name the file of one`,
    );
  });

  it('is recognised by its tensors, and read from a .pth as torch wrote it', async () => {
    await expect(recogniseModel(await written('small.safetensors', hub))).rejects.toThrow(
      /small\.safetensors: a SAM with a ViT of 3 blocks of width 16 is none of the published/,
    );
    const torch = path.join(root, 'old.pth');
    await copyFile(path.resolve(import.meta.dirname, '../fixtures/torch-before-1.6.pt'), torch);
    await expect(openSam(torch)).rejects.toThrow(/old\.pth: holds no SAM/);
    await expect(openSegmenter(torch)).rejects.toThrow(/old\.pth: holds no SAM 2/);
  });

  it('that lacks tensors, has others, or some of another shape, is one list', async () => {
    const all = inAuthorsNames(hub);
    const { 'image_encoder.pos_embed': _, ...rest } = all;
    const file = await written('broken.safetensors', {
      ...rest,
      'mask_decoder.hf_token.weight': { shape: [1, 16], data: new Float32Array(16) },
      'mask_decoder.iou_token.weight': { shape: [1, 8], data: new Float32Array(8) },
    });
    const said = await openSam(file, toys).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(said).toContain('broken.safetensors: tensors do not fit: ');
    expect(said.split('; ')).toHaveLength(3);
    expect(said).toContain('image_encoder.pos_embed [1, 6, 6, 16] is missing');
    expect(said).toContain('mask_decoder.iou_token.weight is [1, 8], not [1, 16]');
    expect(said).toContain('mask_decoder.hf_token.weight is of no part that Loupe knows');
    expect(said.split('\n')).toHaveLength(1);
  });
});

describe('a MobileSAM checkpoint', () => {
  it('clicks, with or without what its training left in the file', async () => {
    const masks = await masksOf(await written('mobile.safetensors', mobile));
    expect(masks[0]?.size).toEqual([HEIGHT, WIDTH]);
    const head = { 'image_encoder.head.weight': { shape: [3, 20], data: new Float32Array(60) } };
    const counter = {
      'image_encoder.patch_embed.seq.0.bn.num_batches_tracked': { shape: [], data: BigInt64Array.of(9n) },
    };
    expect(await masksOf(await written('trained.safetensors', { ...mobile, ...head, ...counter }))).toEqual(masks);
  });

  it('is told from SAM 1 by its first convolution', async () => {
    const { name, segmenter } = await openSam(await written('named.safetensors', mobile), toys);
    expect([name, segmenter.imageSize]).toEqual(['toy-mobile', 128]);
    expect(authorsName('vision_encoder.pos_embed')).toBe('image_encoder.pos_embed');
  });
});
