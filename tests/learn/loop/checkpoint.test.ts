// Checkpoints on a real session: exact resuming, and refusals.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadCheckpoint, saveCheckpoint } from '../../../main/learn/loop/checkpoint.ts';
import { Session } from '../../../models/runtime/session.ts';
import { writeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { Trainer } from '../../../models/train/trainer.ts';
import { batchOf, copy, freshWeights, Numbers, network, settings, steps } from '../../train/toy.ts';

let folder: string;
let eight: Session;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-checkpoint-'));
  eight = await Session.create(network(8), { purpose: 'train' });
});
afterAll(async () => {
  await eight.release();
  await rm(folder, { recursive: true });
});

describe('checkpoints', () => {
  const progress = z.object({ random: z.number(), cursor: z.number() });

  it('resume bit for bit', async () => {
    const file = path.join(folder, 'run.safetensors');
    const [unbroken, unbrokenNumbers] = [new Trainer(freshWeights(), settings), new Numbers(11)];
    const wanted = await steps(unbroken, eight, unbrokenNumbers, 12);

    const [before, numbers] = [new Trainer(freshWeights(), settings), new Numbers(11)];
    const first = await steps(before, eight, numbers, 5);
    await saveCheckpoint(file, { trainer: before.state(), progress: { random: numbers.state, cursor: 40 } });

    const saved = await loadCheckpoint(file, progress);
    const after = new Trainer(freshWeights(99), settings);
    after.restore(saved.trainer);
    expect(after.step).toBe(5);
    expect(saved.progress.cursor).toBe(40);
    const second = await steps(after, eight, new Numbers(saved.progress.random), 7);

    expect([...first, ...second]).toEqual(wanted);
    expect(copy(after)).toEqual(copy(unbroken));
    const [a, b] = [after.state().moments.get('w1'), unbroken.state().moments.get('w1')];
    expect(a).toEqual(b);
  });

  it('do not change while the run goes on', async () => {
    const file = path.join(folder, 'still.safetensors');
    const [trainer, numbers] = [new Trainer(freshWeights(), settings), new Numbers(1)];
    await steps(trainer, eight, numbers, 2);
    const then = copy(trainer);
    await saveCheckpoint(file, { trainer: trainer.state(), progress: { random: 0, cursor: 0 } });
    const { trainer: state } = await loadCheckpoint(file, progress);
    const other = new Trainer(freshWeights(), settings);
    other.restore(state);
    await steps(trainer, eight, numbers, 2);
    await steps(other, eight, numbers, 1);
    expect([...state.parameters.values()].flatMap((values) => [...values])).toEqual(then);
  });

  it('are refused between micro-batches, for other models and when they are something else', async () => {
    const file = path.join(folder, 'refused.safetensors');
    const trainer = new Trainer(freshWeights(), settings);
    await saveCheckpoint(file, { trainer: trainer.state(), progress: {} });
    await expect(loadCheckpoint(file, progress)).rejects.toThrow(
      /is no checkpoint of this program \("loupe\.progress"/,
    );
    const { trainer: state } = await loadCheckpoint(file, z.object({}));
    const other = new Trainer(new Map([['w3', new Float32Array(2)]]), settings);
    expect(() => other.restore(state)).toThrow(/holds no values for "w3", which has 2/);
    await trainer.accumulate(eight, batchOf(new Numbers(1), 8));
    expect(() => trainer.state()).toThrow(/only between steps/);
  });

  it('say so when the metadata is missing or no JSON', async () => {
    const file = path.join(folder, 'foreign.safetensors');
    await writeSafetensors(file, { w: { shape: [1], data: Float32Array.of(1) } });
    await expect(loadCheckpoint(file, progress)).rejects.toThrow(
      /is no checkpoint of this program \("loupe\.checkpoint"/,
    );
    await writeSafetensors(file, {}, { metadata: { 'loupe.checkpoint': '{' } });
    await expect(loadCheckpoint(file, progress)).rejects.toThrow(/is no checkpoint of this program/);
  });
});
