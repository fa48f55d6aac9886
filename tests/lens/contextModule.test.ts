// The context module, step by step, against the released connector, with all its gradients; its keys and sizes.
import { describe, expect, it } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { slice } from '../../models/graph/shape.ts';
import { dim, input, type Tensor } from '../../models/graph/tensor.ts';
import { type LensConfig, parseLensConfig, publishedLensConfig } from '../../models/lens/config.ts';
import { collapsed, connector, contextModule, contextQueries } from '../../models/lens/contextModule.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { directional, weightedSum } from '../directional.ts';
import { evaluate } from '../evaluate.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';
import { askedParams, countParameters, feedsFrom, madeFeeds, shapesOf } from '../parameters.ts';
import { largestDifference, openFixture } from '../tensors.ts';

interface LensFixture {
  loss: number;
  tolerance: { values: number; gradients: number };
}

async function tinyLens() {
  const json = goldenJson<LensFixture>('lens-tiny', 'config.json');
  const config = parseLensConfig(json);
  const values = await openFixture(golden('lens-tiny', 'values.safetensors'));
  const weights = await openSafetensors(golden('lens-tiny', 'weights.safetensors'));
  const source = askedParams();
  const hidden = input('hidden', values.shape('hidden'));
  const states = slice(hidden, [-config.numOfQuery], [dim(hidden, 1)], [1]);
  return { json, config, values, weights, source, p: paramsFrom(source), hidden, states };
}

describe.skipIf(!haveGolden)('against the original', () => {
  it('gives every step', async () => {
    const { json, config, values, weights, source, p, states } = await tinyLens();
    const [after, ...blocks] = connector(p.at('connector'), config, states);
    if (!after) throw new Error('unreachable');
    const outputs: Record<string, Tensor> = { after_pos: after, out: contextModule(p, config, states) };
    for (const [i, block] of blocks.entries()) outputs[`block.${i}`] = block;
    outputs.conv = collapsed(p.at('conv_1d'), config, blocks.at(-1) ?? after);
    const feeds = { hidden: await values.floats('hidden'), ...(await feedsFrom(source, weights)) };
    const got = await evaluate(outputs, feeds);
    const errors: Record<string, number> = {};
    for (const name of Object.keys(outputs)) {
      expect(outputs[name]?.shape, name).toEqual(values.shape(name));
      errors[name] = largestDifference(got[name] ?? [], await values.floats(name));
    }
    for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(json.tolerance.values);
  });

  it('gives the gradient of every parameter and of the states', async () => {
    const { json, config, values, weights, source, p, hidden, states } = await tinyLens();
    const out = contextModule(p, config, states);
    const loss = reduceSum(mul(out, input('cotangent', out.shape)), [0, 1, 2]);
    const wrt = new Map([['hidden', hidden], ...source.asked]);
    const outputs: Record<string, Tensor> = { loss };
    const names = [...wrt.keys()];
    for (const [i, g] of grad(loss, [...wrt.values()]).entries()) outputs[`grad.${names[i]}`] = g;
    const data = { hidden: await values.floats('hidden'), cotangent: await values.floats('cotangent') };
    const got = await evaluate(outputs, { ...data, ...(await feedsFrom(source, weights)) }, { purpose: 'train' });
    expect(names.map((name) => `grad.${name}`).sort()).toEqual(
      values.names.filter((name) => name.startsWith('grad.')).sort(),
    );
    expect(got.loss?.[0]).toBeCloseTo(json.loss, 3);
    let worst = 0;
    for (const name of names) {
      const reference = await values.floats(`grad.${name}`);
      // Changing every weight by half a float32 step moves the largest of these (about 70) by 1e-4 already.
      const scale = Math.max(1, largestDifference(reference, new Float32Array(reference.length)));
      worst = Math.max(worst, largestDifference(got[`grad.${name}`] ?? [], reference) / scale);
    }
    expect(worst).toBeLessThan(json.tolerance.gradients);
  });

  it('asks for every tensor of the checkpoint', async () => {
    const { config, weights, source, p, states } = await tinyLens();
    contextModule(p, config, states);
    contextQueries(p, config);
    const stored = [...weights.tensors].map(([name, { shape }]) => [name, shape] as const);
    expect(shapesOf(source)).toEqual(Object.fromEntries(stored));
  });
});

const build = (config: LensConfig, batch = 1) => {
  const source = askedParams();
  const p = paramsFrom(source);
  const states = input('states', [batch, config.numOfQuery, config.hidden]);
  return { source, p, states, out: contextModule(p, config, states), queries: contextQueries(p, config) };
};
const small: LensConfig = { hidden: 16, numOfQuery: 4, blocks: 2, heads: 4, mlpRatio: 2, samWidth: 8 };

describe('the published sizes', () => {
  it.each([
    [2048, 474_853_632],
    [1536, 267_273_472],
    [3584, 1_453_061_376],
  ])('of a reasoner %i wide give %i parameters', (hidden, parameters) => {
    const { source, out } = build(publishedLensConfig(hidden));
    expect(countParameters(source)).toBe(parameters);
    expect(out.shape).toEqual([1, 1, 256]);
  });
});

describe('on made numbers', () => {
  const states = (batch: number) => Float32Array.from({ length: batch * 64 }, (_, i) => Math.sin(i * i * 0.3));

  it('treats the samples of a batch apart', async () => {
    const batched = build(small, 2);
    const single = build(small, 1);
    const feeds = madeFeeds(batched.source);
    const { out: both = [] } = await evaluate({ out: batched.out }, { states: states(2), ...feeds });
    const { out: second = [] } = await evaluate({ out: single.out }, { states: states(2).slice(64), ...feeds });
    expect(largestDifference(both.slice(8), second)).toBeLessThan(1e-5);
  });

  it('reads every query, the first from the last and the last from the first', async () => {
    const { source, out } = build(small);
    const feeds = madeFeeds(source);
    const [before = [], ...changed] = await Promise.all(
      [-1, 0, 3].map(async (query) => {
        const moved = states(1).map((v, i) => v + (Math.floor(i / 16) === query ? 0.1 * (i % 3) : 0));
        return (await evaluate({ out }, { states: moved, ...feeds })).out ?? [];
      }),
    );
    for (const after of changed) expect(largestDifference(before, after)).toBeGreaterThan(1e-4);
  });

  it('has gradients that agree with differences', async () => {
    const { source, out } = build(small, 2);
    const feeds = { states: states(2), ...madeFeeds({ ...source }) };
    const used = { ...source, asked: new Map([...source.asked].filter(([name]) => name !== 'learnable_query')) };
    const { analytic, numeric } = await directional(weightedSum([out]), used, feeds);
    expect(Math.abs(analytic - numeric) / analytic).toBeLessThan(0.02);
  });
});

describe('what does not fit', () => {
  it('is refused with its shape', () => {
    const p = paramsFrom(askedParams());
    expect(() => contextModule(p, small, input('states', [1, 5, 16]))).toThrow(
      'contextModule: states [1,5,16] are not [batch, 4, 16].',
    );
  });

  it('is refused in a configuration', () => {
    const good = { hidden: 32, num_of_query: 8, connector_depth: 4, connector_heads: 4, sam_dim: 32 };
    expect(parseLensConfig(good).mlpRatio).toBe(4);
    expect(() => parseLensConfig({ ...good, connector_heads: 5 })).toThrow('5 heads do not divide its width 32');
    expect(() => parseLensConfig({ ...good, hidden: 0 })).toThrow(/configuration is unusable.*hidden/s);
    expect(() => parseLensConfig(null)).toThrow(/configuration is unusable/);
  });
});
