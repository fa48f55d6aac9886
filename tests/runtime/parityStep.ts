// Run as a program: one training step on CPU and on WebGPU, as JSON: the provider in use and how far each output is off.

import { transformerStep } from '../../main/evaluate/bench/engineBench.ts';
import { conv, convTranspose, maxPool2x2, resizeBilinear } from '../../models/graph/conv.ts';
import { gelu, mul, relu, sigmoid } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { layerNorm2d } from '../../models/graph/norm.ts';
import { argMax, reduceMean } from '../../models/graph/reduce.ts';
import { input, size, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import { type Provider, Session } from '../../models/runtime/session.ts';

const config = { layers: 2, width: 32, heads: 2, hidden: 48, tokens: 16, batch: 2, vocabulary: 32, recompute: true };
const { outputs, parameters } = transformerStep(config);
const table = input('table', [4, config.vocabulary]);

/** Every kind of convolution a segmenter uses, down and up again. */
function segmenterStep(): { outputs: Record<string, Tensor>; parameters: Tensor[] } {
  const image = input('image', [2, 3, 8, 8]);
  const parameters = [
    input('patch', [8, 3, 3, 3]),
    input('scale', [8]),
    input('depthwise', [8, 1, 3, 3]),
    input('up', [8, 4, 2, 2]),
  ];
  const [patch, scale, depthwise, up] = parameters as [Tensor, Tensor, Tensor, Tensor];
  const inside = { pads: [1, 1, 1, 1] as const };
  const wide = gelu(layerNorm2d(conv(image, patch, scale, inside), scale, scale, 1e-6));
  const deep = maxPool2x2(conv(wide, depthwise, null, { ...inside, group: 8 }));
  const mask = convTranspose(relu(deep), up, null, { strides: [2, 2] });
  const cost = reduceMean(mul(resizeBilinear(mask, 16, 16), sigmoid(resizeBilinear(mask, 16, 16))), [0, 1, 2, 3]);
  const named = grad(cost, parameters).map((g, i) => [`grad.${parameters[i]?.name}`, g] as const);
  return { outputs: { cost, ...Object.fromEntries(named) }, parameters: [image, ...parameters] };
}

const segmenter = segmenterStep();
const graph: Record<string, Tensor> = { ...outputs, ...segmenter.outputs, best: argMax(table, 1) };

/** Scales around 1, matrices that keep the size of what they multiply. */
const wave = (t: Tensor, at: number): Float32Array =>
  Float32Array.from({ length: size(t.shape) }, (_, i) => {
    const value = Math.sin(i * i + 1.7 * i + at);
    return t.shape.length === 1 ? 1 + value / 10 : (1.5 * value) / Math.sqrt(t.shape.at(-1) ?? 1);
  });
const ids = (step: number): BigInt64Array =>
  BigInt64Array.from({ length: config.batch * config.tokens }, (_, i) => BigInt((i * step) % config.vocabulary));
const feeds: Record<string, Value> = { ids: ids(7), targets: ids(5), table: wave(table, 0) };
[...parameters, ...segmenter.parameters].forEach((t, i) => {
  feeds[t.name ?? ''] = wave(t, i);
});

async function runOn(provider: Provider) {
  const session = await Session.create(graph, { purpose: 'train', provider });
  const results = await session.run(feeds);
  await session.release();
  return { session, results };
}

const largest = (values: readonly number[]): number => values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);

/** Largest difference over largest value. */
function difference(a: Value | undefined, b: Value | undefined): number {
  const [x, y] = [Array.from(a ?? [], Number), Array.from(b ?? [], Number)];
  if (x.length === 0 || x.length !== y.length) return Number.NaN;
  return largest(x.map((v, i) => v - (y[i] ?? Number.NaN))) / Math.max(largest(x), 1e-12);
}

const cpu = await runOn('cpu');
const gpu = await runOn('webgpu');
const off = Object.fromEntries(
  Object.keys(graph).map((name) => [name, difference(cpu.results[name], gpu.results[name])]),
);
const { provider, warnings } = gpu.session;
const loss = Number(cpu.results.loss?.[0]);
process.stdout.write(
  JSON.stringify({ provider, warnings, loss, off, whole: gpu.results.best instanceof BigInt64Array }),
);
