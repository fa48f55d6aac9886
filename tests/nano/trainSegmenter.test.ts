// The segmenter taught on photographs that the test paints: it learns, stops when told, and goes on to the same numbers.
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCurves } from '../../main/learn/loop/curves.ts';
import { trainSegmenter } from '../../main/nano/trainSegmenter.ts';
import { writePng } from '../../main/pictures/image.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { openWeights } from '../../main/weights/open.ts';
import { readPictureRecord } from '../../main/weights/records/pictureRecord.ts';
import { saved } from '../formats/reads.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('train-segmenter');
afterAll(remove);

let coco: string;
beforeAll(async () => {
  const [width, height] = [60, 40];
  const segmentation = [[10, 10, 40, 10, 40, 30, 10, 30]];
  const images = [1, 2].map((id) => ({ id, file_name: `set/${id}.png`, width, height }));
  const annotations = images.map(({ id }) => ({ id, image_id: id, category_id: 1, segmentation }));
  coco = saved(folder, 'set.json', { images, annotations, categories: [{ id: 1, name: 'box' }] });
  mkdirSync(path.join(folder, 'set'));
  for (const { file_name } of images) {
    const data = new Uint8Array(width * height * 3).fill(60);
    for (let y = 10; y < 30; y++) data.fill(200, (y * width + 10) * 3, (y * width + 40) * 3);
    await writePng(path.join(folder, file_name), { width, height, channels: 3, data });
  }
});

const train = (name: string, steps: number, signal?: AbortSignal) =>
  trainSegmenter({
    ...{ folder: path.join(folder, name), seed: 1, steps, sceneShare: 0, from: embeddedWeights, signal },
    photos: { files: [coco] },
    report: () => {},
  });

describe('trainSegmenter', { timeout: 300_000 }, () => {
  it('leaves weights whose segmenter has changed and whose rest has not, and a curve', async () => {
    await train('whole', 2);
    const [before, after] = [await openWeights(embeddedWeights), await openWeights(path.join(folder, 'whole/weights'))];
    const changed = async (name: string) => {
      const [a, b] = [await before.read(name), await after.read(name)];
      return a.some((value, i) => value !== b[i]);
    };
    expect(await changed('sam.sam_mask_decoder.mask_tokens.weight')).toBe(true);
    expect(await changed('sam.image_encoder.trunk.patch_embed.proj.weight')).toBe(true);
    expect(await changed('model.layers.0.mlp.up_proj.weight')).toBe(false);
    const [pictures, own] = [
      await readPictureRecord(embeddedWeights),
      await readPictureRecord(path.join(folder, 'whole/weights')),
    ];
    expect(pictures).not.toBeNull();
    expect(own).toEqual(pictures);
    const curves = readCurves(await readFile(path.join(folder, 'whole/curves.jsonl'), 'utf8'));
    expect([...curves.keys()]).toEqual(['segmenter']);
  });

  it('stopped before it begins writes no weights', async () => {
    const controller = new AbortController();
    controller.abort();
    await train('stopped', 2, controller.signal);
    await expect(openWeights(path.join(folder, 'stopped/weights'))).rejects.toThrow(/does not exist/);
  });
});
