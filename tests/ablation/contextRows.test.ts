// Variants on one set of scenes: what each pipeline is told, and that all are measured on the same questions.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ContextBench,
  measureContext,
  measurePipeline,
  openContextBench,
  type Scenes,
} from '../../main/ablation/contextRows.ts';
import { exportNano } from '../../main/nano/export.ts';
import { rasterise } from '../../main/pictures/image.ts';
import { buildAtlas } from '../../main/scenes/atlas.ts';
import { makeScene } from '../../main/scenes/make.ts';
import { seedOf } from '../../main/scenes/split.ts';
import { allParameters, toyNano } from '../nano/toy.ts';

let root: string;
let folder: string;
let scenes: Scenes;
let bench: ContextBench;
const asked: string[] = [];
const { signal } = new AbortController();
const sizes = { scenes: 2, prompts: 2, measured: 3 };

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'loupe-rows-'));
  folder = path.join(root, 'toy');
  const nano = toyNano({ seed: 6 });
  allParameters(nano);
  await exportNano(nano, folder);
  const atlas = await buildAtlas(rasterise);
  scenes = (split, index) => {
    asked.push(`${split} ${index}`);
    return makeScene(atlas, seedOf(split, index));
  };
  bench = await openContextBench(folder, { seed: 2, scenes, sizes }, signal);
}, 120_000);
afterAll(async () => {
  await bench.reader.release();
  rmSync(root, { recursive: true });
});

describe('what variants of a seed share', () => {
  it('is drawn from scenes of its own, and learnt and measured apart', () => {
    expect(asked).toEqual(['train 4', 'train 5', 'test 6', 'test 7', 'test 8']);
    expect(bench.learnt.length).toBeGreaterThan(0);
    expect(bench.learnt.length).toBeLessThanOrEqual(sizes.scenes * sizes.prompts);
    expect(bench.asked).toHaveLength(sizes.measured);
  });

  it('asks each question twice: with its true box, and with one that misleads', () => {
    for (const { right, misled } of bench.asked) {
      expect(right.told.text).toBe(misled.told.text);
      expect(right.told.off).toEqual({ x: 0, y: 0 });
      expect(misled.told.box).not.toEqual(right.told.box);
      expect(misled.target).toEqual(right.target);
    }
  });
});

describe('pipelines', { timeout: 120_000 }, () => {
  it.each(['box', 'box and points', 'token', 'token and box'] as const)(
    'that are told %s are measured alike each time',
    async (told) => {
      const once = await measurePipeline(bench, { kind: 'pipeline', told }, signal);
      expect(once).toMatchObject({ steps: 0, seconds: 0 });
      expect(await measurePipeline(bench, { kind: 'pipeline', told }, signal)).toEqual(once);
    },
  );

  it('draw other masks by other words of the same answer', async () => {
    const { segmenter } = bench.reader;
    const [one] = bench.asked;
    if (!one) throw new Error('nothing is asked');
    const [right, wrong] = [one.right.told.box, one.misled.told.box];
    expect(await segmenter.segment(one.image, { box: right })).not.toEqual(
      await segmenter.segment(one.image, { box: wrong }),
    );
  });
});

describe('a variant that trains', { timeout: 120_000 }, () => {
  it('leaves nothing behind, and goes on with nothing that an earlier one left', async () => {
    const work = path.join(root, 'work');
    const variant = { kind: 'context', queries: 2, blocks: 1 } as const;
    const first = await measureContext(bench, variant, { seconds: 0.01, work, signal });
    expect(first.steps).toBe(1);
    expect(() => rmSync(work)).toThrow(/ENOENT/u);
    // One step at rate 0 changes nothing, so the second run begins and ends as the first one did.
    const second = await measureContext(bench, variant, { seconds: 0.01, work, signal });
    expect(second.figures).toEqual(first.figures);
  });

  it('stops when it is told to', async () => {
    const work = path.join(root, 'stopped');
    const variant = { kind: 'context', queries: 2, blocks: 1 } as const;
    const stopped = measureContext(bench, variant, { seconds: 60, work, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow();
    expect(() => rmSync(work)).toThrow(/ENOENT/u);
  });
});
