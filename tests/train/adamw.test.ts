// AdamW, clipping and schedules against torch's numbers.
import { describe, expect, it } from 'vitest';
import { adamWDefaults, adamWStep, type Moments, type Reals } from '../../models/train/adamw.ts';
import { clipFactor, firstNonFinite, globalNorm } from '../../models/train/clip.ts';
import { learningRate, type Schedule } from '../../models/train/schedule.ts';
import { goldenJson, haveGolden } from '../golden.ts';

interface Flat {
  data: number[];
}
interface AdamCase {
  name: string;
  betas: [number, number];
  eps: number;
  weight_decay: number;
  clip_norm: number | null;
  initial: Flat[];
  steps: { lr: number; gradients: (Flat | null)[]; grad_norm_before_clip: number | null; params: Flat[] }[];
  final: { exp_avg: Flat[]; exp_avg_sq: Flat[]; step: number[] };
  float32_torch_final: Flat[];
}

const closeTo = (got: ArrayLike<number>, wanted: number[], tolerance: number, what: string) => {
  expect(got.length, what).toBe(wanted.length);
  wanted.forEach((w, i) =>
    expect(Math.abs((got[i] ?? Number.NaN) - w), `${what}[${i}]`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(w)),
    ),
  );
};

function runCase<R extends Reals>(
  kase: AdamCase,
  make: (data: number[]) => R,
  check: (step: number, params: R[]) => void,
) {
  const params = kase.initial.map((p) => make(p.data));
  const moments = params.map(
    (p): Moments<R> => ({ first: make(Array(p.length).fill(0)), second: make(Array(p.length).fill(0)), step: 0 }),
  );
  kase.steps.forEach(({ lr, gradients, grad_norm_before_clip: norm }, step) => {
    const given = gradients.map((g) => g && make(g.data));
    const total = globalNorm(given.filter((g) => g !== null));
    if (norm !== null) closeTo([total], [norm], 1e-6, 'norm');
    const how = { betas: kase.betas, epsilon: kase.eps, weightDecay: kase.weight_decay };
    given.forEach((g, i) => {
      const [p, m] = [params[i], moments[i]];
      if (g && p && m)
        adamWStep(p, g, m, { ...how, learningRate: lr, gradientScale: clipFactor(total, kase.clip_norm) });
    });
    check(step, params);
  });
  return { params, moments };
}

describe.skipIf(!haveGolden)('golden adamw', () => {
  const { cases, tolerance } = haveGolden
    ? goldenJson<{ cases: AdamCase[]; tolerance: { float64: number; float32: number } }>('losses/adamw.json')
    : { cases: [], tolerance: { float64: 0, float32: 0 } };

  it.each(cases.map((c) => [c.name, c] as const))('%s, every step in float64', (_, kase) => {
    const { moments } = runCase(
      kase,
      (data) => Float64Array.from(data),
      (step, params) =>
        params.forEach((p, i) =>
          closeTo(p, kase.steps[step]?.params[i]?.data ?? [], tolerance.float64, `step ${step} tensor ${i}`),
        ),
    );
    moments.forEach((m, i) => {
      closeTo(m.first, kase.final.exp_avg[i]?.data ?? [], tolerance.float64, 'first moment');
      closeTo(m.second, kase.final.exp_avg_sq[i]?.data ?? [], tolerance.float64, 'second moment');
    });
    expect(moments.map((m) => m.step)).toEqual(kase.final.step);
  });

  it.each(cases.map((c) => [c.name, c] as const))('%s, in float32', (_, kase) => {
    const { params } = runCase(
      kase,
      (data) => Float32Array.from(data),
      () => {},
    );
    params.forEach((p, i) => closeTo(p, kase.float32_torch_final[i]?.data ?? [], tolerance.float32, `tensor ${i}`));
  });
});

describe('adamw by hand', () => {
  const step = (gradient: number, weightDecay = 0) => {
    const p = Float64Array.of(2);
    const moments = { first: new Float64Array(1), second: new Float64Array(1), step: 0 };
    adamWStep(p, Float64Array.of(gradient), moments, {
      betas: [0.9, 0.99],
      epsilon: 0,
      weightDecay,
      learningRate: 0.1,
      gradientScale: 1,
    });
    return p[0];
  };

  it('moves by the learning rate against the sign at first, whatever the size', () => {
    expect(step(1e-6)).toBeCloseTo(1.9, 12);
    expect(step(-1e6)).toBeCloseTo(2.1, 12);
  });

  it('refuses gradients and moments of another length: what is missing would count as zero', () => {
    const moments = (length: number) => ({
      first: new Float32Array(length),
      second: new Float32Array(length),
      step: 0,
    });
    const how = { ...adamWDefaults, learningRate: 0.1, gradientScale: 1 };
    const step = (gradients: number, held: number) => () =>
      adamWStep(new Float32Array(3), new Float32Array(gradients), moments(held), how);
    expect(step(2, 3)).toThrow('3 parameters have 2 gradients, 3 and 3 moments.');
    expect(step(3, 1)).toThrow('3 parameters have 3 gradients, 1 and 1 moments.');
  });

  it('decays the value, not the gradient', () => {
    expect(step(1, 0.5)).toBeCloseTo(2 * (1 - 0.05) - 0.1, 12);
  });
});

describe('clipping', () => {
  it('measures all tensors together, of any length', () => {
    const tensors = [Float32Array.of(1, 2, 3, 4, 5), Float32Array.of(), Float64Array.of(6), Float32Array.of(7, 8)];
    expect(globalNorm(tensors)).toBeCloseTo(Math.sqrt(204), 12);
  });

  it('only ever shrinks', () => {
    expect(clipFactor(0.5, 1)).toBe(1);
    expect(clipFactor(4, 1)).toBeCloseTo(0.25, 6);
    expect(clipFactor(4, null)).toBe(1);
  });

  it('is not finite where any element is not, and finds it', () => {
    const bad = Float32Array.of(0, 1, Number.NaN, Infinity, 2);
    expect(globalNorm([Float32Array.of(1), bad])).toBeNaN();
    expect(globalNorm([Float32Array.of(0, 0, 0, 0, -Infinity)])).toBe(Infinity);
    expect(firstNonFinite(bad)).toBe(2);
    expect(firstNonFinite(Float32Array.of(1, 2))).toBe(-1);
  });
});

interface ScheduleCase {
  name: string;
  warmup: number;
  total: number;
  base_lr: number;
  extra: { min_lr_rate?: number };
  steps: number[];
  lr: number[];
}

describe.skipIf(!haveGolden)('golden schedules', () => {
  const { cases, tolerance } = haveGolden
    ? goldenJson<{ cases: ScheduleCase[]; tolerance: number }>('losses/schedules.json')
    : { cases: [], tolerance: 0 };
  const kindOf = (name: string): Schedule['kind'] =>
    name.startsWith('cosine') ? 'cosine' : name.startsWith('linear') ? 'linear' : 'constant';

  it.each(cases.map((c) => [`${c.name} ${c.warmup}/${c.total}`, c] as const))('%s', (_, kase) => {
    const schedule = {
      kind: kindOf(kase.name),
      base: kase.base_lr,
      warmup: kase.warmup,
      total: kase.total,
      floor: kase.extra.min_lr_rate,
    };
    kase.steps.forEach((step, i) =>
      expect(Math.abs(learningRate(step, schedule) - (kase.lr[i] ?? Number.NaN)), `step ${step}`).toBeLessThanOrEqual(
        tolerance,
      ),
    );
  });
});

describe('schedules by hand', () => {
  it('rises, then falls to nothing', () => {
    const schedule: Schedule = { kind: 'linear', base: 8, warmup: 2, total: 6 };
    expect([0, 1, 2, 3, 4, 5, 6, 9].map((i) => learningRate(i, schedule))).toEqual([0, 4, 8, 6, 4, 2, 0, 0]);
  });

  it('a cosine is half-way down in the middle', () => {
    expect(learningRate(5, { kind: 'cosine', base: 1, warmup: 0, total: 10 })).toBeCloseTo(0.5, 12);
    expect(learningRate(10, { kind: 'cosine', base: 1, warmup: 0, total: 10, floor: 0.2 })).toBeCloseTo(0.2, 12);
  });
});
