// Pictures that were opened before, in a host that starts anew: the same mask by clicks, without a run of the encoder.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRouterClient } from '@orpc/server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { unpackMask } from '../../main/contract/project.ts';
import { maskArea } from '../../main/contract/rle.ts';
import { openCallLog } from '../../main/engine/callLog.ts';
import { routerOf } from '../../main/handlers/router.ts';
import { Host } from '../../main/host.ts';
import { foldersBelow } from '../../main/settings.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { openSam2 } from '../../main/weights/openSam2.ts';
import { decoderOf, encoderOf, write } from '../flow/onnx/onnxFiles.ts';
import { toySam, writeToySam } from '../weights/toyCheckpoint.ts';
import { found, pictures, weightsSaying } from './weights.ts';

let root: string;
let weights: string;
let places: Record<'native' | 'onnx' | 'small', string>;
let files: string[];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-kept-'));
  weights = await weightsSaying(root, [found]);
  files = await pictures(path.join(root, 'pictures'), 2);
  const native = await writeToySam(path.join(root, 'sam'), 512);
  const onnx = await asOnnx(native, path.join(root, 'onnx'));
  places = { native, onnx, small: await writeToySam(path.join(root, 'small'), 128) };
});
afterAll(() => rm(root, { recursive: true }));

/** The same segmenter as files of another tool. */
async function asOnnx(native: string, folder: string): Promise<string> {
  await mkdir(folder);
  const { params } = await openSam2(native);
  const weights = { params, segmenter: { ...toySam, imageSize: 512 } };
  const features = ['image_embed', 'high_res_feats_0', 'high_res_feats_1'];
  const outputs = ['masks', 'iou_predictions'] as const;
  const prompts = {
    points: 'point_coords',
    labels: 'point_labels',
    labelType: 'float32',
    lead: [1],
    rough: true,
  } as const;
  await copyFile(path.join(native, 'sam2_toy.safetensors'), path.join(folder, 'sam2_toy.safetensors'));
  await write(folder, 'encoder.onnx', encoderOf('image', features)(weights));
  await write(folder, 'decoder.onnx', decoderOf({ ...prompts, features, outputs })(weights));
  return folder;
}

let home: string;
let times = 0;
const hosts: Host[] = [];
beforeEach(() => {
  home = path.join(root, `home-${++times}`);
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

const cached = () => readdir(path.join(home, 'cache', 'features')).catch(() => []);

/** A host of this home with a project of its own: what a click in each picture gives. */
async function clicked(segmenter: string, name: string) {
  const log = openCallLog(path.join(root, 'log', `${times}-${name}`));
  const host = new Host(foldersBelow(home), { log });
  hosts.push(host);
  const client = createRouterClient(routerOf(host), { context: {} });
  await client.settings.write({ weights, segmenter });
  await host.open(path.join(root, `${times}-${name}.loupe`), { create: true });
  const ids = host.project().addImages(files.map((file) => ({ path: path.relative(root, file) })));
  const masks = [];
  for (const imageId of ids) {
    const { mask } = await client.model.refine({
      imageId,
      points: [{ x: 36, y: 28, sign: '+' }],
      box: null,
      rough: null,
    });
    masks.push(mask);
  }
  const lines = (await readFile(log.file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { masks, encodings: lines.findLast(({ call }) => call === 'refine').result.encodings };
}

it.each(['native', 'onnx'] as const)('%s: a second opening gives the same masks and encodes nothing', async (kind) => {
  const first = await clicked(places[kind], 'first');
  expect(first.encodings).toBe(2);
  for (const mask of first.masks) expect(maskArea(unpackMask(mask))).toBeGreaterThan(0);
  expect(await cached()).toHaveLength(2);
  const second = await clicked(places[kind], 'second');
  expect(second).toEqual({ masks: first.masks, encodings: 0 });
});

it('damaged files are encoded anew and mended', async () => {
  const first = await clicked(places.native, 'first');
  const [one = '', other = ''] = (await cached()).map((name) => path.join(home, 'cache', 'features', name));
  await truncate(one, 5000);
  const bytes = await readFile(other);
  bytes[9000] = (bytes[9000] ?? 0) ^ 1;
  await writeFile(other, bytes);
  expect(await clicked(places.native, 'second')).toEqual({ masks: first.masks, encodings: 2 });
  expect(await clicked(places.native, 'third')).toEqual({ masks: first.masks, encodings: 0 });
});

it('other weights of the same name do not take them', async () => {
  await clicked(places.native, 'first');
  expect((await clicked(places.onnx, 'second')).encodings).toBe(2);
  expect(await cached()).toHaveLength(4);
});

it('two hosts at once give the same masks and leave whole files', async () => {
  const [one, other] = await Promise.all([clicked(places.native, 'one'), clicked(places.native, 'other')]);
  expect(other.masks).toEqual(one.masks);
  expect(await cached()).toHaveLength(2);
  expect(await clicked(places.native, 'third')).toEqual({ masks: one.masks, encodings: 0 });
});

it('small squares are not kept: they are encoded in a moment', async () => {
  expect((await clicked(places.small, 'first')).encodings).toBe(2);
  expect((await clicked(embeddedWeights, 'second')).encodings).toBeGreaterThanOrEqual(2);
  expect(await cached()).toEqual([]);
});
