// One step of both training stages of a whole tiny LENS: losses, every gradient, and the parameters after AdamW.

import { beforeAll, describe, expect, it } from 'vitest';
import { add } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceMean } from '../../models/graph/reduce.ts';
import { expand } from '../../models/graph/shape.ts';
import { constant, type Tensor } from '../../models/graph/tensor.ts';
import type { NamedValues, Value } from '../../models/graph/value.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { Session } from '../../models/runtime/session.ts';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import { maskCount } from '../../models/sam2/maskDecoder.ts';
import { chooseMask, stability } from '../../models/sam2/segmenter.ts';
import { advantages, totalRewards } from '../../models/train/advantage.ts';
import { completionMask, objectives, policyLoss, tokenLogProbs } from '../../models/train/grpo.ts';
import { segLoss, segTerms } from '../../models/train/losses.ts';
import { Trainer } from '../../models/train/trainer.ts';
import { evaluate } from '../evaluate.ts';
import { golden, haveGolden } from '../golden.ts';
import { largestDifference } from '../tensors.ts';
import {
  completionLogits,
  gridOf,
  lastStates,
  look,
  mixedParams,
  openStep,
  type PlaceRule,
  pickMasks,
  reason,
  type StageOne,
  type StageTwo,
  type StageTwoScalars,
  type Step,
  segment,
} from './lensStep.ts';

const gradientTolerance = 2e-3;
const vanishing = 1e-6;

const within = (got: ArrayLike<number> | undefined, wanted: ArrayLike<number>, tolerance: number, what: string) =>
  expect(largestDifference(got ?? [], wanted), what).toBeLessThanOrEqual(tolerance);
const largest = (values: ArrayLike<number>): number => Array.from(values, Math.abs).reduce((a, b) => Math.max(a, b), 0);
const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

describe.skipIf(!haveGolden)('train-step', () => {
  let step: Step;
  beforeAll(async () => {
    step = await openStep();
  });

  const feedsFor = async (samples: readonly number[]): Promise<Record<string, Value>> => {
    const names = samples.flatMap((i) => [`pixel_values.${i}`, `sam_image.${i}`]);
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await step.inputs.read(name)] as const)),
    );
  };
  /** Stated for values near 1; these go to about -20. */
  const logProbTolerance = () => step.config.tolerance.log_probs * 20;
  const target = async (i: number): Promise<Tensor> => {
    const [height = 1, width = 1] = step.config.samples[i]?.mask_hw ?? [];
    return constant(await step.inputs.read(`mask.${i}`), [1, height, width]);
  };
  const parameters = async (names: Iterable<string>) => {
    const values = new Map<string, Float32Array<ArrayBuffer>>();
    for (const name of names)
      values.set(name, await (step.factors.tensors.has(name) ? step.factors : step.weights).read(name));
    return values;
  };

  /** Runs forward and backward, compares every gradient, steps, and compares what the step made of the parameters. */
  async function takeStep(
    outputs: Record<string, Tensor>,
    inputs: ReadonlyMap<string, Tensor>,
    { stage, expected, samples }: { stage: StageOne | StageTwo; expected: WeightsFile; samples: readonly number[] },
  ) {
    const { loss } = outputs;
    if (!loss) throw new Error('no loss');
    const names = [...inputs.keys()];
    const gradients = grad(loss, [...inputs.values()]);
    const all = { ...outputs, ...Object.fromEntries(names.map((name, i) => [`grad.${name}`, gradients[i] ?? loss])) };
    const session = await Session.create(all, { purpose: 'train', folder: step.frozen.folder });
    const { optimizer: o } = stage;
    const trainer = new Trainer(await parameters(names), {
      schedule: { kind: 'constant', base: o.lr, warmup: 0, total: 1 },
      optimiser: { betas: o.betas, epsilon: o.eps, weightDecay: o.weight_decay },
      clipNorm: o.clip_norm,
    });
    const gradientsSeen = new Map<string, Float32Array>();
    const runner = {
      async run(feeds: NamedValues) {
        const results = await session.run(feeds);
        for (const [name, data] of Object.entries(results))
          if (name.startsWith('grad.')) gradientsSeen.set(name.slice('grad.'.length), Float32Array.from(data, Number));
        return results;
      },
    };
    const results = await trainer.accumulate(runner, await feedsFor(samples));
    const report = trainer.update();
    await session.release();
    return { results, report, gradients: gradientsSeen, trainer, expected };
  }

  async function compareGradients(
    stage: StageOne | StageTwo,
    { gradients, expected }: { gradients: ReadonlyMap<string, Float32Array>; expected: WeightsFile },
  ) {
    const zero = 'zero_gradient' in stage ? stage.zero_gradient : [];
    const tiny = 'vanishing_gradient' in stage ? stage.vanishing_gradient : [];
    const none = 'no_gradient' in stage ? stage.no_gradient : [];
    expect([...gradients.keys()].sort()).toEqual(stage.trainable.filter((name) => !none.includes(name)).sort());
    for (const [name, got] of gradients) {
      if (zero.includes(name)) expect(largest(got), name).toBe(0);
      else if (tiny.includes(name)) expect(largest(got), name).toBeLessThan(vanishing);
      else {
        const wanted = await expected.read(`grad.${name}`);
        within(got, wanted, gradientTolerance * largest(wanted), `gradient of ${name}`);
      }
    }
  }

  /** Adam's first step is nearly lr * sign: only clear gradients say where an element goes to. */
  async function compareAfter(
    stage: StageOne | StageTwo,
    { trainer, expected }: { trainer: Trainer; expected: WeightsFile },
  ) {
    const { lr } = stage.optimizer;
    let compared = 0;
    for (const [name, got] of trainer.parameters) {
      if (!expected.tensors.has(`after.${name}`)) continue;
      const after = await expected.read(`after.${name}`);
      const gradient = expected.tensors.has(`grad.${name}`)
        ? await expected.read(`grad.${name}`)
        : new Float32Array(after.length);
      const clear = 1e-4 * largest(gradient);
      after.forEach((wanted, i) => {
        const allowed = Math.abs(gradient[i] ?? 0) >= clear ? 0.01 * lr : 2 * lr;
        expect(Math.abs((got[i] ?? Number.NaN) - wanted), `${name}[${i}] after the step`).toBeLessThanOrEqual(
          allowed + 1e-7,
        );
      });
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  }

  /** Every sample through the whole model, and what came out. */
  async function alignmentStep() {
    const { config, sizes, frozen } = step;
    const { p, inputs } = mixedParams(step, config.stage1.trainable, false);
    const passes = config.samples.map((sample, i) => {
      const features = look(step, p, i);
      const rows = [[...sample.prompt_ids, ...sample.answer_ids]];
      const tokens = { rows, pad: config.special_ids.pad ?? 0, grid: gridOf(sample) };
      const hidden = reason(step, p, features, { tokens, places: 'line', queries: true });
      const states = lastStates(hidden, sizes.lens.numOfQuery);
      return { features, states, ...segment(step, p, states, i) };
    });
    const named = Object.fromEntries(
      passes.flatMap(({ features, states, text, masks, iou }, i) => [
        [`features.${i}`, features] as const,
        [`query_states.${i}`, states] as const,
        [`context.${i}`, text] as const,
        [`masks.${i}`, masks] as const,
        [`iou.${i}`, iou] as const,
      ]),
    );
    const everyone = config.samples.map((_, i) => i);
    const feeds = { ...(await feedsFor(everyone)), ...Object.fromEntries(await parameters(inputs.keys())) };
    const forward = await evaluate(named, feeds, { folder: frozen.folder });
    const masksOf = (i: number) => Float32Array.from(forward[`masks.${i}`] ?? []);
    const chosen = everyone.map((i) => chooseMask(masksOf(i), forward[`iou.${i}`] ?? []));
    return { inputs, passes, everyone, forward, masksOf, chosen };
  }

  it('stage 1: every part of the forward pass, and which mask it chooses', async () => {
    const { stage1: stage, tolerance } = step.config;
    const expected = await openSafetensors(golden('train-step/stage1.safetensors'));
    const { forward, masksOf, chosen } = await alignmentStep();
    for (const [name, got] of Object.entries(forward)) {
      const wanted = await expected.read(name);
      const allowed = name.startsWith('masks') ? tolerance.masks : tolerance.values;
      within(got, wanted, allowed * Math.max(1, largest(wanted)), name);
    }
    expect(chosen).toEqual(stage.per_sample.map((s) => s.selected_mask));
    for (const [i, { stability: wanted }] of stage.per_sample.entries()) {
      const all = masksOf(i);
      expect(stability(all.subarray(0, all.length / maskCount))).toBeCloseTo(wanted, 6);
    }
  });

  it('stage 1: the context module learns from masks alone', async () => {
    const { stage1: stage, tolerance } = step.config;
    const expected = await openSafetensors(golden('train-step/stage1.safetensors'));
    const { inputs, passes, everyone, chosen } = await alignmentStep();
    const terms = await Promise.all(
      passes.map(async ({ masks }, i) => segTerms(pickMasks(masks, [chosen[i] ?? 0]), await target(i))),
    );
    const parts = terms.flatMap(({ bce, dice }, i) => [[`bce${i}`, bce] as const, [`dice${i}`, dice] as const]);
    const outputs = { loss: segLoss(terms), ...Object.fromEntries(parts) };
    const taken = await takeStep(outputs, inputs, { stage, expected, samples: everyone });
    within([Number(taken.results.loss?.[0])], [stage.loss], tolerance.loss * Math.max(1, stage.loss), 'loss');
    for (const [i, { bce, dice }] of stage.per_sample.entries()) {
      within([Number(taken.results[`bce${i}`]?.[0])], [bce], tolerance.loss, `bce ${i}`);
      within([Number(taken.results[`dice${i}`]?.[0])], [dice], tolerance.loss, `dice ${i}`);
    }
    expect(Math.abs(taken.report.gradientNorm / stage.grad_norm_before_clip - 1)).toBeLessThanOrEqual(
      gradientTolerance,
    );
    await compareGradients(stage, taken);
    await compareAfter(stage, taken);
  });

  /** One prompt, G completions: log-probabilities, masks and the two loss terms, under one rule of positions. */
  async function policyStep(places: PlaceRule) {
    const { config, sizes, frozen } = step;
    const { stage2: stage, samples } = config;
    const [sample] = samples;
    if (!sample) throw new Error('no sample');
    const count = Math.max(...stage.completions.map((c) => c.length));
    const prompt = sample.prompt_ids.length;
    const tokens = {
      rows: stage.completions.map((c) => [...sample.prompt_ids, ...c]),
      pad: config.special_ids.pad ?? 0,
      grid: gridOf(sample),
    };
    const flat = stage.completions.flatMap((c) => [...c, ...Array<number>(count - c.length).fill(0)]);
    const ids = constant(flat, [stage.completions.length, count], 'int64');
    const lengths = stage.completions.map((c) => c.length);

    const plain = mixedParams(step, [], false).p;
    const before = reason(step, plain, look(step, plain, 0), { tokens, places: 'mrope', queries: false });
    const reference = tokenLogProbs(completionLogits(step, plain, before, { prompt, count }), ids).logProbs;
    const known =
      (await evaluate({ reference }, await feedsFor([0]), { folder: frozen.folder })).reference ?? new Float64Array();

    const trainable = stage.trainable.filter((name) => !stage.no_gradient.includes(name));
    const { p, inputs } = mixedParams(step, trainable, true);
    const hidden = reason(step, p, look(step, p, 0), { tokens, places, queries: true });
    const { logProbs } = tokenLogProbs(completionLogits(step, p, hidden, { prompt, count }), ids);
    const { text, masks } = segment(step, p, lastStates(hidden, sizes.lens.numOfQuery), 0);
    const mask = completionMask(flat, count, { end: config.special_ids.im_end ?? -1, lengths });
    const batch = {
      logProbs,
      mask: constant(mask, ids.shape),
      advantages: constant(advantages(totalRewards(stage.rewards), stage.completions.length), [
        stage.completions.length,
      ]),
      reference: constant(known, ids.shape),
    };
    const policy = policyLoss(batch, { ...objectives.lens, beta: stage.beta });
    const picked = pickMasks(
      masks,
      stage.completions.map(() => 0),
    );
    const goal = await target(0);
    const terms = segTerms(picked, expand(goal, [stage.completions.length, ...goal.shape.slice(1)]));
    const segmentation = segLoss([terms]);
    const outputs = {
      loss: add(policy.loss, segmentation),
      policy: policy.loss,
      segmentation,
      kl: policy.kl ?? policy.perToken,
      bce: reduceMean(terms.bce, [0]),
      dice: reduceMean(terms.dice, [0]),
      logProbs,
      text,
      picked,
    };
    const byRow = (values: ArrayLike<number> | undefined): number[][] =>
      lengths.map((length, i) => Array.from(values ?? []).slice(i * count, i * count + length));
    return { outputs, inputs, known: byRow(known), byRow };
  }

  const expectScalars = (
    results: Readonly<Record<string, ArrayLike<unknown>>>,
    kl: number[][],
    wanted: StageTwoScalars,
  ) => {
    const { loss: tolerance } = step.config.tolerance;
    const relative = (got: unknown, value: number, what: string) =>
      within([Number(got)], [value], tolerance * Math.max(1, Math.abs(value)), what);
    relative(results.loss?.[0], wanted.loss, 'loss');
    relative(results.policy?.[0], wanted.policy_objective, 'policy objective');
    relative(results.bce?.[0], wanted.bce, 'bce');
    relative(results.dice?.[0], wanted.dice, 'dice');
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    relative(mean(kl.map(mean)), wanted.mean_kl, 'mean KL');
  };

  it('stage 2: answers by their rewards and masks by L_seg, LoRA on the reasoner', async () => {
    const { config } = step;
    const { stage2: stage, tolerance } = config;
    const expected = await openSafetensors(golden('train-step/stage2.safetensors'));
    within(advantages(totalRewards(stage.rewards), stage.completions.length), stage.advantages, 1e-9, 'advantages');
    const { outputs, inputs, known, byRow } = await policyStep('line');
    stage.per_completion.forEach((c, i) =>
      within(known[i], c.reference_log_probs, logProbTolerance(), `reference ${i}`),
    );

    const taken = await takeStep(outputs, inputs, { stage, expected, samples: [0] });
    const { results, report } = taken;
    const policy = byRow(Array.from(results.logProbs ?? [], Number));
    stage.per_completion.forEach((c, i) =>
      within(policy[i], c.log_probs, logProbTolerance(), `log-probabilities ${i}`),
    );
    expectScalars(results, byRow(Array.from(results.kl ?? [], Number)), stage);
    for (const [output, name] of [
      ['text', 'context'],
      ['picked', 'mask'],
    ] as const) {
      const wanted = (
        await Promise.all(stage.completions.map(async (_, i) => [...(await expected.read(`${name}.${i}`))]))
      ).flat();
      within(
        Array.from(results[output] ?? [], Number),
        wanted,
        name === 'mask' ? tolerance.masks : tolerance.values,
        name,
      );
    }
    expect(Math.abs(report.gradientNorm / stage.grad_norm_before_clip - 1)).toBeLessThanOrEqual(gradientTolerance);
    await compareGradients(stage, taken);
    await compareAfter(stage, taken);
    for (const name of stage.zero_gradient) {
      const [start, now] = [await step.weights.read(name), taken.trainer.parameters.get(name)];
      const keep = 1 - stage.optimizer.lr * stage.optimizer.weight_decay;
      within(
        now,
        start.map((x) => x * keep),
        1e-7,
        `${name} after decay alone`,
      );
    }
  });

  /** Norms of the gradients of one scalar, by parameter. */
  async function gradientNorms(loss: Tensor, inputs: ReadonlyMap<string, Tensor>): Promise<Record<string, number>> {
    const names = [...inputs.keys()];
    const gradients = Object.fromEntries(grad(loss, [...inputs.values()]).map((g, i) => [`grad.${names[i]}`, g]));
    const feeds = { ...(await feedsFor([0])), ...Object.fromEntries(await parameters(names)) };
    const got = await evaluate(gradients, feeds, { folder: step.frozen.folder });
    return Object.fromEntries(Object.entries(got).map(([name, g]) => [name.slice('grad.'.length), norm(g)]));
  }

  const expectNorms = (got: Record<string, number>, wanted: Record<string, number>) => {
    for (const [name, value] of Object.entries(wanted))
      expect(Math.abs((got[name] ?? 0) - value), name).toBeLessThanOrEqual(gradientTolerance * value + vanishing);
  };

  it('stage 2: each term of the loss sends its own share of the gradient', async () => {
    const { gradient_norms: wanted } = step.config.stage2;
    const { outputs, inputs } = await policyStep('line');
    expectNorms(await gradientNorms(outputs.policy, inputs), wanted.policy_term);
    expectNorms(await gradientNorms(outputs.segmentation, inputs), wanted.segmentation_term);
    expectNorms(await gradientNorms(outputs.loss, inputs), wanted.both);
  });

  it('stage 2 with M-RoPE in the query pass too', async () => {
    const { stage2_mrope_alternative: wanted } = step.config;
    const { outputs, inputs, byRow } = await policyStep('mrope');
    const feeds = { ...(await feedsFor([0])), ...Object.fromEntries(await parameters(inputs.keys())) };
    const results = await evaluate(outputs, feeds, { folder: step.frozen.folder });
    const policy = byRow(results.logProbs);
    wanted.log_probs.forEach((row, i) => within(policy[i], row, logProbTolerance(), `log-probabilities ${i}`));
    expectScalars(results, byRow(results.kl), wanted);
    expectNorms(await gradientNorms(outputs.loss, inputs), wanted.gradient_norms);
  });
});
