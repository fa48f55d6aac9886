// The detector taught on pictures that the test paints: its files, a stop and what goes on from it, and too few of a class.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { Detector } from '../../main/flow/detector.ts';
import { readCurves } from '../../main/learn/loop/curves.ts';
import { trainDetector } from '../../main/nano/trainDetector.ts';
import { writePng } from '../../main/pictures/image.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { openWeights } from '../../main/weights/open.ts';
import { readDetector } from '../../main/weights/records/detectorRecord.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { saved } from '../formats/reads.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('train-detector');
afterAll(remove);
const at = (...names: string[]) => path.join(folder, ...names);
const [width, height] = [60, 48];

/** Two boxes in each of twelve pictures, one of each kind. */
const rectangles = (id: number): [number, number, number, number][] => [
  [2 + (id % 4), 4, 26, 30],
  [34, 10 + (id % 5), 56, 40],
];

/** All of one split; `names`: of the first and of the second box. */
function annotated(name: string, names: readonly string[]): string {
  const images = Array.from({ length: 12 }, (_, i) => ({ id: i + 1, file_name: `set/${i + 1}.png`, width, height }));
  const annotations = images.flatMap(({ id }) =>
    rectangles(id).map(([x1, y1, x2, y2], k) => ({
      ...{ id: 2 * id + k, image_id: id, category_id: k + 1 },
      segmentation: [[x1, y1, x2, y1, x2, y2, x1, y2]],
    })),
  );
  const categories = names.map((each, k) => ({ id: k + 1, name: each }));
  return saved(folder, name, {
    images,
    annotations: annotations.filter((one) => names[one.category_id - 1]),
    categories,
  });
}

beforeAll(async () => {
  mkdirSync(at('set'));
  for (let id = 1; id <= 12; id++) {
    const data = new Uint8Array(width * height * 3).fill(60);
    for (const [k, [x1, y1, x2, y2]] of rectangles(id).entries())
      for (let y = y1; y < y2; y++) data.fill(120 + 90 * k, (y * width + x1) * 3, (y * width + x2) * 3);
    await writePng(at('set', `${id}.png`), { width, height, channels: 3, data });
  }
});

function weightsFor(name: string): string {
  mkdirSync(at(name));
  for (const file of ['config.json', 'tokenizer.json', 'model.safetensors'])
    copyFileSync(path.join(embeddedWeights, file), at(name, file));
  return at(name);
}

const train = (name: string, weights: string, more: { signal?: AbortSignal; coco?: string } = {}) =>
  trainDetector({
    ...{ folder: at(name), seed: 1, steps: 3, weights, signal: more.signal, report: () => {} },
    photos: { files: [more.coco ?? annotated('both.json', ['Sofa', 'dog'])] },
  });

/** Stops in the first step: the loop looks once before it. */
function afterOneStep(): AbortSignal {
  let looks = 0;
  return Object.defineProperty(new AbortController().signal, 'aborted', { get: () => ++looks > 1 });
}

const filesIn = (place: string) =>
  ['detector.json', 'detector.safetensors'].map((name) => readFileSync(path.join(place, name)));

describe('trainDetector', { timeout: 300_000 }, () => {
  let weights: string;
  let made: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    weights = weightsFor('weights');
    made = await train('whole', weights);
  }, 300_000);

  it('writes the detector beside the weights, which stay as they are', async () => {
    expect(made?.file).toBe(path.join(weights, 'detector.json'));
    expect((await readdir(weights)).sort()).toEqual([
      ...['config.json', 'detector.json', 'detector.safetensors', 'model.safetensors', 'tokenizer.json'],
    ]);
    const [own, released] = [weights, embeddedWeights].map((each) =>
      readFileSync(path.join(each, 'model.safetensors')),
    );
    expect(own && released?.equals(own)).toBe(true);
  });

  it('tells classes with their other names, and what was measured on the picture that was held back', () => {
    expect(made?.record.classes).toEqual([
      { name: 'couch', also: ['sofa'] },
      { name: 'dog', also: [] },
    ]);
    expect(made?.record.figures.photos).toBe(1);
    expect(JSON.parse(readFileSync(path.join(weights, 'detector.json'), 'utf8'))).toEqual(made?.record);
  });

  it('is opened with the weights, and holds the values of its head alone', async () => {
    const { segmenter } = await openWeights(weights);
    const detector = await Detector.open(weights, segmenter, {});
    expect(detector?.record).toEqual(made?.record);
    await detector?.release();
    const { file } = (await readDetector(weights)) ?? {};
    expect([...(file?.tensors.keys() ?? [])].filter((name) => !name.startsWith('detector.'))).toEqual([]);
  });

  it('learns the values of its head and none of the picture encoder that it reads', async () => {
    const trained = await openSafetensors(at('whole', 'detector.safetensors'));
    const names = [...trained.tensors.keys()];
    expect(names).toContain('value.detector.scores.weight');
    expect(names.filter((name) => !/^(?:value|first|second)\.detector\./u.test(name))).toEqual([]);
  });

  it('finished is read back and written again, without a step more', async () => {
    const other = weightsFor('later weights');
    expect((await train('whole', other))?.record).toEqual(made?.record);
    expect(filesIn(other)).toEqual(filesIn(weights));
    expect(readFileSync(at('whole', 'curves.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('leaves a curve of its loss, with those of scores and boxes', async () => {
    const curves = readCurves(await readFile(at('whole', 'curves.jsonl'), 'utf8'));
    expect([...curves.keys()]).toEqual(['detector']);
    const text = readFileSync(at('whole', 'curves.jsonl'), 'utf8');
    for (const name of ['scoreLoss', 'boxLoss']) expect(text).toContain(`"${name}":`);
  });

  it('stopped writes nothing beside the weights, and goes on to the same bytes', async () => {
    const other = weightsFor('other weights');
    expect(await train('broken', other, { signal: afterOneStep() })).toBeNull();
    expect(await readdir(other)).not.toContain('detector.json');
    const again = await train('broken', other);
    expect(again?.record).toEqual(made?.record);
    expect(filesIn(other)).toEqual(filesIn(weights));
    const steps = readFileSync(at('broken', 'curves.jsonl'), 'utf8').trim().split('\n');
    expect(steps.map((line) => JSON.parse(line).step)).toEqual([1, 3]);
  });

  it('refuses pictures of which no class has enough, before anything is learnt', async () => {
    const coco = annotated('nothing.json', ['object', 'thing']);
    const refused = train('refused', weights, { coco });
    await expect(refused).rejects.toThrow(BadInput);
    await expect(refused).rejects.toThrow('no class has 10 masks in these COCO files');
    await expect(readdir(at('refused'))).rejects.toThrow('ENOENT');
  });
});
