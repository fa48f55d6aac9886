// The optimisation step on a real session: accumulation, clipping, exact resuming, and the stop at the first NaN.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { log } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceMean } from '../../models/graph/reduce.ts';
import { input } from '../../models/graph/tensor.ts';
import type { NamedValues } from '../../models/graph/value.ts';
import { Session } from '../../models/runtime/session.ts';
import { NonFiniteError, Trainer } from '../../models/train/trainer.ts';
import { batchOf, copy, freshWeights, inputs, Numbers, network, outputs, settings, steps } from './toy.ts';

let one: Session;
let eight: Session;
beforeAll(async () => {
  one = await Session.create(network(1), { purpose: 'train' });
  eight = await Session.create(network(8), { purpose: 'train' });
});
afterAll(async () => {
  await one.release();
  await eight.release();
});

describe('steps', () => {
  it('learn', async () => {
    const trainer = new Trainer(freshWeights(), {
      ...settings,
      schedule: { kind: 'constant', base: 0.03, warmup: 0, total: 1 },
    });
    const batch = batchOf(new Numbers(5), 8);
    const losses: number[] = [];
    for (let i = 0; i < 120; i++) {
      losses.push(Number((await trainer.accumulate(eight, batch)).loss?.[0]));
      trainer.update();
    }
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 4);
  });

  it('of eight micro-batches of one equal one of eight', async () => {
    const [many, whole] = [new Trainer(freshWeights(), settings), new Trainer(freshWeights(), settings)];
    const numbers = new Numbers(7);
    for (let step = 0; step < 3; step++) {
      const { x, y } = batchOf(numbers, 8);
      await whole.accumulate(eight, { x, y });
      for (let i = 0; i < 8; i++) {
        const part = { x: x.slice(i * inputs, (i + 1) * inputs), y: y.slice(i * outputs, (i + 1) * outputs) };
        await many.accumulate(one, part, 1 / 8);
      }
      const [a, b] = [many.update(), whole.update()];
      expect(Math.abs(a.gradientNorm - b.gradientNorm) / b.gradientNorm).toBeLessThanOrEqual(1e-6);
    }
    const reference = copy(whole);
    copy(many).forEach((value, i) => expect(Math.abs(value - (reference[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-6));
  });

  it('report step, rate and norm before clipping, and clip', async () => {
    const limit = 0.01;
    const trainer = new Trainer(freshWeights(), {
      clipNorm: limit,
      schedule: { kind: 'linear', base: 1, warmup: 0, total: 4 },
    });
    const batch = batchOf(new Numbers(3), 8);
    await trainer.accumulate(eight, batch);
    const first = trainer.update();
    const taken = [...trainer.state().moments.values()].flatMap((m) => [...m.first]);
    await trainer.accumulate(eight, batch);
    expect(first).toMatchObject({ step: 1, learningRate: 1 });
    expect(trainer.update()).toMatchObject({ step: 2, learningRate: 0.75 });
    expect(first.gradientNorm).toBeGreaterThan(5 * limit);
    expect(Math.hypot(...taken)).toBeCloseTo(0.1 * limit, 5);
  });

  it('leave alone what has no gradient or rate, and decay only what they should', async () => {
    const start = freshWeights();
    const w1 = start.get('w1')?.slice();
    const extra = Float32Array.of(1, 2, 3);
    const trainer = new Trainer(new Map([...start, ['extra', extra]]), {
      ...settings,
      rateOf: (name) => (name === 'w1' ? 0 : 1),
    });
    await steps(trainer, eight, new Numbers(2), 4);
    expect(trainer.parameters.get('w1')).toEqual(w1);
    expect([...extra]).toEqual([1, 2, 3]);
    expect(trainer.state().moments.has('extra')).toBe(false);
  });

  it('free the gradients when they are used', async () => {
    const seen: Float32Array[] = [];
    const spy = {
      async run(feeds: NamedValues) {
        const results = await eight.run(feeds);
        for (const [name, data] of Object.entries(results))
          if (name.startsWith('grad.') && data instanceof Float32Array) seen.push(data);
        return results;
      },
    };
    const trainer = new Trainer(freshWeights(), settings);
    await trainer.accumulate(spy, batchOf(new Numbers(4), 8), 0.5);
    await trainer.accumulate(spy, batchOf(new Numbers(4), 8), 0.5);
    trainer.update();
    expect(seen.map((data) => data.length)).toEqual([0, 0, 0, 0]);
  });

  it('refuse gradients of unknown parameters and wrong lengths', async () => {
    const stranger = { run: async () => ({ 'grad.w9': new Float32Array(1) }) };
    const short = { run: async () => ({ 'grad.w1': new Float32Array(1) }) };
    const trainer = new Trainer(freshWeights(), settings);
    await expect(trainer.accumulate(stranger, {})).rejects.toThrow(/"w9", which is no parameter/);
    await expect(trainer.accumulate(short, {})).rejects.toThrow(/gradient of "w1" has 1 values for 35/);
  });
});

describe('a checkpoint', () => {
  it('whose moments are of another length, or of no parameter, is refused', () => {
    const trainer = new Trainer(freshWeights(), settings);
    const { parameters } = trainer.state();
    const some = (length: number) => ({ first: new Float32Array(length), second: new Float32Array(length), step: 1 });
    const of = (name: string, length: number) => ({ step: 1, parameters, moments: new Map([[name, some(length)]]) });
    expect(() => trainer.restore(of('w1', 34))).toThrow('holds 34 and 34 moments for "w1", which has 35 values.');
    expect(() => trainer.restore(of('w9', 35))).toThrow('moments for "w9", which has no values.');
  });
});

describe('the first number that is not one', () => {
  it('in a loss stops the run with step and tensor, and nothing is changed', async () => {
    const trainer = new Trainer(freshWeights(), settings);
    await steps(trainer, eight, new Numbers(1), 2);
    const before = copy(trainer);
    const { x, y } = batchOf(new Numbers(1), 8);
    y[0] = Number.NaN;
    const failing = trainer.accumulate(eight, { x, y });
    await expect(failing).rejects.toBeInstanceOf(NonFiniteError);
    await expect(failing).rejects.toThrow(/^Step 3: "loss" is NaN, the gradient of "w1" is NaN at element 0, .*"w2"/);
    expect(copy(trainer)).toEqual(before);
    await steps(trainer, eight, new Numbers(2), 1);
    expect(trainer.step).toBe(3);
  });

  it('in a gradient alone is found too', async () => {
    const w1 = input('w1', [2]);
    const loss = reduceMean(log(w1), [0]);
    const [g = loss] = grad(loss, [w1]);
    const session = await Session.create({ 'grad.w1': g }, { purpose: 'train' });
    const trainer = new Trainer(new Map([['w1', Float32Array.of(1, 0)]]), settings);
    await trainer.accumulate(session, {});
    expect(() => trainer.update()).toThrow('Step 1: the gradient of "w1" is Infinity at element 1.');
    await session.release();
  });
});
