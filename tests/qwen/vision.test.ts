import { beforeAll, describe, expect, test } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { constant, input } from '../../models/graph/tensor.ts';
import type { VisionConfig } from '../../models/qwen/config.ts';
import type { PatchGrid } from '../../models/qwen/rope.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { gridWindows } from '../../models/qwen/windows.ts';
import { goldenJson, haveGolden } from '../golden.ts';
import {
  type Checkpoint,
  expectClose,
  fed,
  gridsOf,
  openCase,
  openCheckpoint,
  type Pictures,
  pixelsOf,
  relativeError,
  run,
  tolerance,
} from './checkpoint.ts';

interface WindowTable {
  windows: { grid_thw: [number, number, number][]; window_index: number[]; cu_window_seqlens: number[] }[];
}

describe('gridWindows', () => {
  test('cuts a grid into windows from the top left, smaller ones at the border', () => {
    const windows = gridWindows([{ t: 1, h: 6, w: 10 }], { merge: 2, window: 2 });
    expect(windows).toEqual([[0, 1, 5, 6], [2, 3, 7, 8], [4, 9], [10, 11], [12, 13], [14]]);
  });

  test('goes on counting cells in the next picture', () => {
    const windows = gridWindows(
      [
        { t: 1, h: 2, w: 4 },
        { t: 1, h: 4, w: 2 },
      ],
      { merge: 2, window: 4 },
    );
    expect(windows).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test.skipIf(!haveGolden)('lists the cells in the order of the published model', () => {
    const { windows } = goldenJson<WindowTable>('qwen25vl-tiny', 'tables.json');
    expect(windows.length).toBeGreaterThan(5);
    for (const row of windows) {
      const grids = gridsOf({ images: [], image_grid_thw: row.grid_thw });
      const cut = gridWindows(grids, { merge: 2, window: 4 });
      expect(cut.flat()).toEqual(row.window_index);
      let end = 0;
      expect([0, ...cut.map(({ length }) => (end += length * 4))]).toEqual(row.cu_window_seqlens);
    }
  });
});

/** The stages a case holds: those of the tower by their names there. */
async function stageErrors(folder: string, name: string, checkpoint: Checkpoint): Promise<void> {
  const { facts, ...tensors } = await openCase<Pictures>(folder, name);
  const { config } = checkpoint;
  const pixels = await pixelsOf(folder, facts);
  const parameters = fed(checkpoint);
  const x = input('pixels', [pixels.length / patchWidth(config.vision), patchWidth(config.vision)]);
  const tower = visionTower(parameters.p.at('visual'), x, { grids: gridsOf(facts), config: config.vision });
  const stages = Object.fromEntries(
    tower.stages.map((stage, i) => [i === 0 ? 'patch_embed' : `block${i - 1}`, stage] as const),
  );
  const results = await run(checkpoint, parameters, { ...stages, merged: tower.features }, { pixels });
  for (const stage of tensors.names())
    expectClose(`${folder} ${name} ${stage}`, [results[stage], await tensors.values(stage)]);
}

const folders = { 'qwen25vl-tiny': ['vision_a', 'vision_b', 'vision_c_d'], 'qwen2vl-tiny': ['vision_a', 'vision_a_b'] };

describe.skipIf(!haveGolden)('the vision tower', () => {
  for (const [folder, cases] of Object.entries(folders))
    test.for(cases)(`${folder}: every stage of %s`, async (name) => {
      await stageErrors(folder, name, await openCheckpoint(folder));
    });
});

describe.skipIf(!haveGolden)('the vision tower on several pictures', () => {
  let checkpoint: Checkpoint;
  beforeAll(async () => {
    checkpoint = await openCheckpoint('qwen25vl-tiny');
  });

  /** Features, and the gradient of their weighted sum for one of the tower's matrices, of one call. */
  async function features(grids: readonly PatchGrid[], pixels: Float32Array, again: boolean) {
    const config: VisionConfig = checkpoint.config.vision;
    const parameters = fed(checkpoint);
    const x = input('pixels', [pixels.length / patchWidth(config), patchWidth(config)]);
    const tower = visionTower(parameters.p.at('visual'), x, { grids, config, again });
    const weights = Array.from({ length: tower.features.shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));
    const loss = reduceSum(mul(tower.features, constant(weights, tower.features.shape)), [0, 1]);
    const matrix = parameters.tensors.get('visual.blocks.0.attn.qkv.weight');
    if (!matrix) throw new Error('The tower has no such matrix.');
    const [gradient] = grad(loss, [matrix]);
    if (!gradient) throw new Error('No gradient.');
    return run(checkpoint, parameters, { features: tower.features, gradient }, { pixels });
  }

  test('of one size is the same as one by one, also where all windows are equally long', async () => {
    for (const name of ['a', 'b']) {
      const { image_grid_thw } = await openCase<Pictures>('qwen25vl-tiny', `vision_${name}`).then((c) => c.facts);
      const grid = gridsOf({ images: [], image_grid_thw });
      const one = await pixelsOf('qwen25vl-tiny', { images: [name], image_grid_thw });
      const shaken = one.map((v, i) => v + Math.sin(i) / 4);
      const both = Float32Array.from([...one, ...shaken]);
      const single = [await features(grid, one, false), await features(grid, shaken, false)];
      const pair = await features([...grid, ...grid], both, false);
      const expected = single.flatMap(({ features: f }) => [...(f ?? [])]);
      expect(relativeError(pair.features ?? [], expected)).toBeLessThan(tolerance.values);
    }
  });

  test('has the same gradients when activations are computed again', async () => {
    const { facts } = await openCase<Pictures>('qwen25vl-tiny', 'vision_c_d');
    const pixels = await pixelsOf('qwen25vl-tiny', facts);
    const kept = await features(gridsOf(facts), pixels, false);
    const again = await features(gridsOf(facts), pixels, true);
    expect(relativeError(again.gradient ?? [], kept.gradient ?? [])).toBeLessThan(tolerance.values);
  });
});
