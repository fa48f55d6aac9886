// A run of a toy problem with enough numbers that saving them takes time; as a program it trains in a folder until it is killed.
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { random } from '../../../main/contract/random.ts';
import { type Run, train } from '../../../main/learn/loop/loop.ts';
import { Parameters } from '../../../main/learn/loop/parameters.ts';
import { mul, sub } from '../../../models/graph/elementwise.ts';
import { matmul } from '../../../models/graph/linear.ts';
import { reduceMean } from '../../../models/graph/reduce.ts';
import { input, size } from '../../../models/graph/tensor.ts';

const [rows, wide] = [2, 400];

type Toy = Run<{ parameters: Parameters }, number, number>;

const numbers = (count: number, seed: number): Float32Array<ArrayBuffer> => {
  const draw = random(seed, 5);
  return Float32Array.from({ length: count }, () => draw.between(-1, 1));
};

/** y = x W against other numbers; a step's batch follows from its number. */
function toyRun(steps: number, begun: (step: number) => void = () => {}): Toy {
  const parameters = new Parameters((_, shape) => numbers(size(shape), 1));
  return {
    ...{ name: 'toy', steps, policy: { parameters }, shape: rows, perStep: rows },
    settings: { schedule: { kind: 'cosine', base: 0.01, warmup: 2, total: 100 } },
    objective: {
      graph(policy, batch) {
        const source = policy.parameters.source();
        const y = matmul(input('x', [batch, wide]), source.get('w', [wide, wide]));
        const error = sub(y, input('y', [batch, wide]));
        return {
          ...{ loss: reduceMean(mul(error, error), [0, 1]), figures: {}, parameters: source.tensors },
          trains: () => true,
        };
      },
      open: async () => ({
        feed: async ([seed = 0]) => ({ x: numbers(rows * wide, 2 * seed), y: numbers(rows * wide, 2 * seed + 1) }),
        release: async () => {},
      }),
    },
    samples: (step) => {
      begun(step);
      return [step + 10];
    },
  };
}

/** Trains so many steps; what was learnt. */
export async function trainedToy(
  folder: string,
  steps: number,
  begun?: (step: number) => void,
): Promise<Float32Array<ArrayBuffer>> {
  const run = toyRun(steps, begun);
  await train(run, { folder, saveEvery: 25, saveEach: true, report: () => {} });
  return run.policy.parameters.values('w');
}

// Says each step before it begins: all before it are saved then.
if (process.argv[1] === fileURLToPath(import.meta.url))
  await trainedToy(process.argv[2] ?? '', 100_000, (step) => writeSync(1, `${step}\n`));
