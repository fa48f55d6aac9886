// A network small enough to train in a test: its graph, its data, its steps.
import { mul, sub, tanh } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { matmul } from '../../models/graph/linear.ts';
import { reduceMean } from '../../models/graph/reduce.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { Runner } from '../../models/graph/value.ts';
import type { Trainer, TrainerSettings } from '../../models/train/trainer.ts';

export const [inputs, outputs] = [5, 3];
const hidden = 7;
export const settings: TrainerSettings = {
  schedule: { kind: 'cosine', base: 0.02, warmup: 2, total: 40 },
  optimiser: { weightDecay: 0.01 },
  clipNorm: 0.5,
};

/** Repeatable numbers from -0.5 to 0.5; `state` is all it remembers. */
export class Numbers {
  state: number;
  constructor(state: number) {
    this.state = state;
  }
  next(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 32 - 0.5;
  }
  fill(count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(count).map(() => this.next());
  }
}

/** A two-layer network's mean squared error and the gradients of its weights. */
export function network(batch: number): Record<string, Tensor> {
  const w1 = input('w1', [inputs, hidden]);
  const w2 = input('w2', [hidden, outputs]);
  const error = sub(matmul(tanh(matmul(input('x', [batch, inputs]), w1)), w2), input('y', [batch, outputs]));
  const loss = reduceMean(mul(error, error), [0, 1]);
  const [g1 = loss, g2 = loss] = grad(loss, [w1, w2]);
  return { loss, 'grad.w1': g1, 'grad.w2': g2 };
}

export const freshWeights = (seed = 1) => {
  const numbers = new Numbers(seed);
  return new Map([
    ['w1', numbers.fill(inputs * hidden)],
    ['w2', numbers.fill(hidden * outputs)],
  ]);
};
export const batchOf = (numbers: Numbers, size: number) => ({
  x: numbers.fill(size * inputs),
  y: numbers.fill(size * outputs),
});
export const copy = (trainer: Trainer) => [...trainer.parameters.values()].flatMap((values) => [...values]);

export async function steps(
  trainer: Trainer,
  session: Pick<Runner, 'run'>,
  numbers: Numbers,
  count: number,
): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) {
    const { loss } = await trainer.accumulate(session, batchOf(numbers, 8));
    losses.push(Number(loss?.[0]));
    trainer.update();
  }
  return losses;
}
