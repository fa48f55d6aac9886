// Advantages, objectives, KL, log-probabilities and completion masks against TRL's and torch's numbers.

import { describe, expect, it } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { type DType, input, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import { advantages, conventions, totalRewards } from '../../models/train/advantage.ts';
import {
  completionMask,
  type GrpoObjective,
  klDivergence,
  objectives,
  policyLoss,
  tokenLogProbs,
} from '../../models/train/grpo.ts';
import { evaluate } from '../evaluate.ts';
import { goldenJson, haveGolden } from '../golden.ts';

interface Flat {
  shape: number[];
  data: number[];
}
const number = (x: number | string): number => Number(x);
const near = (
  got: ArrayLike<number> | undefined,
  wanted: readonly (number | string)[],
  tolerance: number,
  what: string,
) => {
  expect(got?.length, what).toBe(wanted.length);
  wanted.forEach((w, i) => {
    const value = number(w);
    expect(Math.abs((got?.[i] ?? Number.NaN) - value), `${what}[${i}]`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  });
};
const floats = (dtype: DType, data: number[]): Value =>
  dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data);
const types = ['float32', 'float64'] as const;

interface AdvantageFile {
  cases: ({ name: string; group_size: number; rewards: number[] } & Record<
    keyof typeof conventions,
    (number | string)[]
  >)[];
  reward_sum: {
    per_function: { shape: number[]; data: (number | string)[] };
    weights: number[];
    scale: number;
    plain_sum: number[];
    weighted: number[];
  };
  tolerance: { float64: number };
}

describe.skipIf(!haveGolden)('golden advantages', () => {
  const file = haveGolden ? goldenJson<AdvantageFile>('grpo/advantages.json') : null;
  const names = [
    'lens',
    'population',
    'sample_eps_1e_6',
    'centred',
    'batch_scaled',
    'verl',
    'lens_keep_mean_when_equal',
  ] as const;

  it.each((file?.cases ?? []).map((c) => [c.name, c] as const))('%s', (_, kase) => {
    for (const name of names) {
      const wanted = kase[name];
      const run = () => advantages(kase.rewards, kase.group_size, conventions[name]);
      if (wanted === null) continue;
      if (wanted.includes('NaN')) expect(run, name).toThrow(/at least two/);
      else near(run(), wanted, file?.tolerance.float64 ?? 0, name);
    }
  });

  it('sums rewards, with weights, abstentions and a scale', () => {
    if (!file) return;
    const { per_function: all, weights, scale, plain_sum, weighted } = file.reward_sum;
    const width = all.shape[1] ?? 1;
    const rows = plain_sum.map((_, i) => all.data.slice(i * width, (i + 1) * width).map(number));
    near(totalRewards(rows), plain_sum, 1e-12, 'plain');
    near(totalRewards(rows, weights, scale), weighted, 1e-12, 'weighted');
  });
});

describe('advantages by hand', () => {
  it('centres each group on its own', () => {
    expect(advantages([1, 3, 10, 10], 2, conventions.centred)).toEqual([-1, 1, 0, 0]);
  });
  it('refuses incomplete groups', () => {
    expect(() => advantages([1, 2, 3], 2)).toThrow(/no whole number of groups/);
    expect(() => advantages([], 0)).toThrow(/no whole number of groups/);
  });
});

interface ObjectiveCase {
  name: string;
  ratio_level: 'token' | 'sequence';
  clip: [number, number] | null;
  delta: number | null;
  beta: number;
  kl_clamp: number | null;
  aggregation: 'sequence_mean' | 'token_mean' | 'fixed_length' | 'sequence_sum';
  uses_old: boolean;
  loss: number;
  per_token_loss: Flat;
  gradient: Flat;
  mean_kl_token: number;
}
interface ObjectiveFile {
  max_completion_length: number;
  group_size: number;
  rewards: number[];
  log_probs: Flat;
  old_log_probs: Flat;
  reference_log_probs: Flat;
  mask: Flat;
  advantages: number[];
  cases: ObjectiveCase[];
  tolerance: Record<'float32' | 'float64', number>;
}

const aggregations = {
  sequence_mean: 'sequenceMean',
  token_mean: 'tokenMean',
  fixed_length: 'fixedLength',
  sequence_sum: 'sequenceSum',
} as const;

describe.skipIf(!haveGolden)('golden objectives', () => {
  const file = haveGolden ? goldenJson<ObjectiveFile>('grpo/objectives.json') : null;
  const cases = types.flatMap((dtype) => (file?.cases ?? []).map((c) => [c.name, dtype, c] as const));

  const toObjective = (c: ObjectiveCase, maxLength: number): GrpoObjective => ({
    ratio: c.uses_old ? c.ratio_level : 'on-policy',
    clip: c.clip,
    delta: c.delta,
    beta: c.beta,
    kl: 'k3',
    klClamp: c.kl_clamp,
    aggregation: aggregations[c.aggregation],
    maxLength,
  });

  it.each(cases)('%s in %s', async (_, dtype, kase) => {
    if (!file) return;
    const { shape } = file.log_probs;
    const [rows = 0] = shape;
    const logProbs = input('log_probs', shape, dtype);
    const batch = {
      logProbs,
      mask: input('mask', shape, dtype),
      advantages: input('advantages', [rows], dtype),
      old: input('old', shape, dtype),
      reference: input('reference', shape, dtype),
    };
    const { loss, perToken, kl } = policyLoss(batch, toObjective(kase, file.max_completion_length));
    const [gradient = loss] = grad(loss, [logProbs]);
    const got = await evaluate(
      { loss, perToken, gradient, kl: kl ?? loss },
      {
        log_probs: floats(dtype, file.log_probs.data),
        mask: floats(dtype, file.mask.data),
        advantages: floats(dtype, file.advantages),
        old: floats(dtype, file.old_log_probs.data),
        reference: floats(dtype, file.reference_log_probs.data),
      },
    );
    const tolerance = file.tolerance[dtype];
    near(got.loss, [kase.loss], tolerance, 'loss');
    near(got.perToken, kase.per_token_loss.data, tolerance, 'per token');
    near(got.gradient, kase.gradient.data, tolerance, 'gradient');
    if (kase.kl_clamp === null) {
      const tokens = file.mask.data.reduce((a, b) => a + b, 0);
      near(
        [(got.kl ?? new Float64Array()).reduce((a, b) => a + b, 0) / tokens],
        [kase.mean_kl_token],
        tolerance,
        'mean KL',
      );
    }
  });

  it('uses the advantages of the convention it names', () => {
    if (file) near(advantages(file.rewards, file.group_size), file.advantages, 1e-9, 'advantages');
  });
});

describe('policy loss by hand', () => {
  const batch = (names: string[]) => {
    const t = Object.fromEntries(names.map((name) => [name, input(name, [1, 2])]));
    return { logProbs: t.l ?? input('l', [1, 2]), mask: input('mask', [1, 2]), advantages: input('a', [1]), ...t };
  };

  it('asks for what an objective needs', () => {
    expect(() => policyLoss(batch(['l']))).toThrow(/needs reference/);
    const plain = { ...objectives.clipped, beta: 0 };
    expect(() => policyLoss(batch(['l']), plain)).toThrow(/token ratio needs the sampling policy/);
    const fixed: GrpoObjective = { ...objectives.lens, beta: 0, aggregation: 'fixedLength' };
    expect(() => policyLoss(batch(['l']), fixed)).toThrow(/needs maxLength/);
  });

  it('is the advantage alone when on-policy, and ignores what the mask hides', async () => {
    const t = batch(['l']);
    const { loss } = policyLoss(t, { ...objectives.lens, beta: 0 });
    const [g = loss] = grad(loss, [t.logProbs]);
    const got = await evaluate(
      { loss, g },
      { l: Float32Array.of(-1, 80), mask: Float32Array.of(1, 0), a: Float32Array.of(3) },
    );
    near([...(got.loss ?? []), ...(got.g ?? [])], [-3, -3, 0], 0, 'loss and gradient');
  });

  it('rows of the table differ from LENS as they say', () => {
    expect(objectives.lens).toMatchObject({ ratio: 'on-policy', clip: null, beta: 0.04 });
    expect(objectives.clipHigher.clip).toEqual([0.2, 0.28]);
    expect(objectives.segZero).toMatchObject({ beta: 0.005, klClamp: 10, aggregation: 'tokenMean' });
  });
});

interface KlFile {
  log_probs: number[];
  reference_log_probs: number[];
  cases: { name: string; value: number[]; derivative: number[] }[];
  tolerance: { relative: number };
}

describe.skipIf(!haveGolden)('golden KL', () => {
  const file = haveGolden ? goldenJson<KlFile>('grpo/kl.json') : null;

  it.each((file?.cases ?? []).map((c) => [c.name, c] as const))('%s', async (name, kase) => {
    if (!file) return;
    const shape = [file.log_probs.length];
    const [l, ref] = [input('l', shape, 'float64'), input('ref', shape, 'float64')];
    const [kind = '', clamp] = name.split('_clamped_');
    const kl = kind === 'k1' || kind === 'k2' ? kind : 'k3';
    const value = klDivergence(l, ref, { kl, klClamp: clamp === undefined ? null : Number(clamp) });
    const [derivative = value] = grad(reduceSum(value, [0]), [l]);
    const got = await evaluate(
      { value, derivative },
      { l: Float64Array.from(file.log_probs), ref: Float64Array.from(file.reference_log_probs) },
    );
    near(got.value, kase.value, file.tolerance.relative, 'value');
    near(got.derivative, kase.derivative, file.tolerance.relative, 'derivative');
  });
});

interface LogProbCase {
  name: string;
  temperature: number;
  logits: Flat;
  ids: Flat;
  log_probs: Flat;
  entropy: Flat;
  cotangent: Flat;
  gradient: Flat;
}

describe.skipIf(!haveGolden)('golden log-probabilities', () => {
  const file = haveGolden
    ? goldenJson<{ cases: LogProbCase[]; tolerance: Record<'float32' | 'float64', number> }>('grpo/logprobs.json')
    : { cases: [], tolerance: { float32: 0, float64: 0 } };
  const cases = types.flatMap((dtype) => file.cases.map((c) => [c.name, dtype, c] as const));

  it.each(cases)('%s in %s', async (_, dtype, kase) => {
    const logits = input('logits', kase.logits.shape, dtype);
    const { logProbs, entropy } = tokenLogProbs(logits, input('ids', kase.ids.shape, 'int64'), kase.temperature);
    const weighted: Tensor = mul(logProbs, input('cotangent', kase.cotangent.shape, dtype));
    const [gradient = weighted] = grad(reduceSum(weighted, [0, 1]), [logits]);
    const got = await evaluate(
      { logProbs, entropy, gradient },
      {
        logits: floats(dtype, kase.logits.data),
        ids: BigInt64Array.from(kase.ids.data, BigInt),
        cotangent: floats(dtype, kase.cotangent.data),
      },
    );
    near(got.logProbs, kase.log_probs.data, file.tolerance[dtype], 'log-probability');
    near(got.entropy, kase.entropy.data, file.tolerance[dtype], 'entropy');
    near(got.gradient, kase.gradient.data, file.tolerance[dtype], 'gradient');
  });
});

describe('completion mask', () => {
  it.skipIf(!haveGolden)('golden', () => {
    const { eos, ids, mask } = goldenJson<{ eos: number; ids: number[][]; mask: number[][] }>(
      'grpo/completion-mask.json',
    );
    const width = ids[0]?.length ?? 0;
    expect([...completionMask(ids.flat(), width, { end: eos })]).toEqual(mask.flat());
  });

  it('leaves out the padding of a row whose length is known', () => {
    expect([...completionMask([5, 6, 0, 7, 9, 9], 3, { end: 9, lengths: [2, 3] })]).toEqual([1, 1, 0, 1, 1, 0]);
  });
});
