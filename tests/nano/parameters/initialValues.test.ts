// First values by key and seed, sources for graphs, and the size of the nano that ships.
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Parameters } from '../../../main/learn/loop/parameters.ts';
import { alignmentGraph } from '../../../main/nano/context/contextGraph.ts';
import { type Initialiser, nanoInitialiser, seeded } from '../../../main/nano/parameters/initialValues.ts';
import { alignmentBatch } from '../../../main/nano/parameters/layout.ts';
import { size } from '../../../models/graph/tensor.ts';
import { nanoLensConfig } from '../../../models/lens/config.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { nanoConfig } from '../../../models/qwen/config.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { nanoSam2Config } from '../../../models/sam2/config.ts';
import { askedParams, countParameters } from '../../parameters.ts';
import { rows, tokenizer, toyNano } from '../toy.ts';

const normals: Initialiser = (_, shape, normal) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal);

const spread = (values: ArrayLike<number>): number => {
  const all = Array.from(values);
  return Math.sqrt(all.reduce((sum, v) => sum + v * v, 0) / all.length);
};

describe('seeded', () => {
  it('follow from seed and key alone, not from the order of asking', () => {
    const [first, second, third] = [1, 1, 2].map((seed) => new Parameters(seeded(seed, normals)));
    if (!first || !second || !third) throw new Error('unreachable');
    for (const name of ['a', 'b']) first.source().get(name, [50]);
    for (const name of ['b', 'a']) second.source().get(name, [50]);
    third.source().get('a', [50]);
    expect(second.values('a')).toEqual(first.values('a'));
    expect(second.values('b')).toEqual(first.values('b'));
    expect(first.values('b')).not.toEqual(first.values('a'));
    expect(third.values('a')).not.toEqual(first.values('a'));
  });

  it('draw from a standard normal distribution', () => {
    const parameters = new Parameters(seeded(3, normals));
    parameters.source().get('x', [20_000]);
    const values = [...parameters.values('x')];
    expect(Math.abs(values.reduce((a, b) => a + b, 0) / values.length)).toBeLessThan(0.03);
    expect(spread(values)).toBeCloseTo(1, 1);
    expect(values.filter((v) => Math.abs(v) < 1).length / values.length).toBeCloseTo(0.683, 1);
  });
});

describe('nanoInitialiser', () => {
  const parameters = new Parameters(seeded(5, nanoInitialiser(rows)));
  const made = (name: string, ...shape: number[]): Float32Array => {
    parameters.source().get(name, shape);
    return parameters.values(name);
  };

  it('starts scales at 1 and biases and the places of queries at 0', () => {
    expect(new Set(made('model.norm.weight', 8))).toEqual(new Set([1]));
    expect(new Set(made('visual.blocks.0.attn.qkv.bias', 8))).toEqual(new Set([0]));
    expect(new Set(made('connector.pos_embed', 1, 4, 8))).toEqual(new Set([0]));
  });

  it('starts matrices by fan-in, and those that end a residual branch smaller', () => {
    expect(spread(made('model.layers.0.self_attn.q_proj.weight', 64, 100))).toBeCloseTo(0.1, 2);
    expect(spread(made('model.layers.0.self_attn.o_proj.weight', 64, 100))).toBeCloseTo(0.04, 2);
    expect(spread(made('visual.patch_embed.proj.weight', 64, 4, 5, 5))).toBeCloseTo(0.1, 2);
  });

  it('starts embeddings and queries small, but never at one value', () => {
    for (const name of ['learnable_query', 'sam.image_encoder.trunk.pos_embed', 'sam.no_mem_embed'])
      expect(spread(made(name, 1, 40, 40)), name).toBeCloseTo(0.02, 3);
    expect(spread(made('sam.sam_prompt_encoder.point_embeddings.0.weight', 1, 2000))).toBeCloseTo(0.3, 1);
    expect(spread(made('sam.sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix', 2, 1000))).toBeCloseTo(
      1,
      1,
    );
  });

  const width = 32;
  const embedding = made(rows.name, tokenizer.size, width);
  const row = (id: number) => [...embedding.subarray(id * width, (id + 1) * width)];
  const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, k) => sum + v * (b[k] ?? 0), 0);

  it('starts coordinates near those of near numbers', () => {
    const ids = rows.lines[0]?.ids ?? [];
    const alike = (a: number, b: number) => product(row(ids[a] ?? 0), row(ids[b] ?? 0));
    for (const i of [3, 50, 100]) {
      expect(alike(i, i + 1)).toBeGreaterThan(alike(i, i + 4));
      expect(alike(i, i + 4)).toBeGreaterThan(alike(i, (i + 60) % ids.length));
      expect(alike(i, i)).toBeCloseTo((width / 2) * 0.03 ** 2, 5);
    }
    expect(spread(embedding.subarray(0, (ids[0] ?? 0) * width))).toBeCloseTo(0.02, 2);
  });

  it('starts measures near those of near numbers too, all of them apart from the coordinates in one direction', () => {
    const [coordinates, measures] = rows.lines;
    if (!coordinates || !measures) throw new Error('unreachable');
    const apart = (value: number) => {
      const [as, on] = [
        measures.ids[measures.values.indexOf(value)],
        coordinates.ids[coordinates.values.indexOf(value)],
      ];
      return row(as ?? 0).map((v, k) => v - (row(on ?? 0)[k] ?? 0));
    };
    const [one, ...others] = [20, 60, 220].map(apart);
    expect(Math.sqrt(product(one ?? [], one ?? []))).toBeGreaterThan(0.02);
    for (const other of others) other.forEach((v, k) => expect(v).toBeCloseTo(one?.[k] ?? 0, 6));
    expect(measures.values.every((value) => value > 12)).toBe(true);
  });
});

describe('the nano that ships', () => {
  it('has at most 12 million parameters, in 25 MB of 16-bit numbers', async () => {
    const sizes = { vocabulary: tokenizer.size, imageToken: tokenizer.special.get('<|image_pad|>') ?? 0 };
    const nano = {
      ...toyNano(),
      ...{ reasoner: nanoConfig(sizes), segmenter: nanoSam2Config, context: nanoLensConfig },
    };
    const source = askedParams();
    alignmentGraph(paramsFrom(source), nano, alignmentBatch, 20);
    const folder = path.resolve(import.meta.dirname, '../../../resources/weights/loupe-nano');
    const detector = await openSafetensors(path.join(folder, 'detector.safetensors'));
    const beside = [...detector.tensors.values()].reduce((sum, { shape }) => sum + size(shape), 0);
    expect(countParameters(source)).toBeGreaterThan(5e6);
    expect(countParameters(source) + beside).toBeLessThanOrEqual(12e6);
    expect((countParameters(source) + beside) * 2).toBeLessThanOrEqual(25e6);
  });
});
