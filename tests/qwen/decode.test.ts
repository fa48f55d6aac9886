import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encodeRow } from '../../main/weights/bits/quantisedRow.ts';
import { slice } from '../../models/graph/shape.ts';
import { constant, input } from '../../models/graph/tensor.ts';
import type { GenerateOptions } from '../../models/qwen/answerRow.ts';
import { Decoder, type PromptTokens } from '../../models/qwen/decode.ts';
import type { PatchGrid } from '../../models/qwen/rope.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { Session } from '../../models/runtime/session.ts';
import { golden, haveGolden } from '../golden.ts';
import { joined } from '../tensors.ts';
import {
  type Checkpoint,
  expectClose,
  fed,
  gridsOf,
  json,
  openCase,
  openCheckpoint,
  pixelsOf,
  run,
} from './checkpoint.ts';
import { reasoner } from './reasoner.ts';

interface Generation {
  prompt_ids: number[][];
  attention_mask: number[][];
  images: string[];
  image_grid_thw: [number, number, number][];
  repetition_penalty: number;
  eos_token_id: number[];
  pad_token_id: number;
  max_new_tokens: number;
  new_ids: number[][];
  live_steps: number[][];
  first_new_position: number[];
}

/** [rows, columns] in 8 bits. */
function quantisedHead(weights: Float32Array, { rows, columns, block }: Record<'rows' | 'columns' | 'block', number>) {
  const blocks = Math.ceil(columns / block);
  const values = new Uint8Array(rows * blocks * block);
  const scales = new Float32Array(rows * blocks);
  for (let row = 0; row < rows; row++)
    encodeRow(
      weights.subarray(row * columns, (row + 1) * columns),
      { bits: 8, block: 32 },
      {
        values: values.subarray(row * blocks * block, (row + 1) * blocks * block),
        scales: scales.subarray(row * blocks, (row + 1) * blocks),
      },
    );
  return {
    values: constant(values, [rows, blocks, block], 'uint8'),
    scales: constant(scales, [rows, blocks]),
    ...{ columns, bits: 8 as const },
  };
}

const folder = 'qwen25vl-tiny';
let checkpoint: Checkpoint;
let decoder: Decoder;

/** Graphs that were opened, to see that capacities share them. */
let opened = 0;

function makeDecoder(chunk?: { prompt: number; cache: number }, keep?: number): Decoder {
  opened = 0;
  return new Decoder({
    config: checkpoint.config,
    params: fed(checkpoint).p,
    weights: Object.fromEntries(checkpoint.weights),
    open: (outputs) => {
      opened++;
      return Session.create(outputs);
    },
    chunk,
    keep,
  });
}

/** The rows of a case as prompts: padding taken off, pictures encoded; a row has one picture. */
async function promptsOf(
  facts: Pick<Generation, 'prompt_ids' | 'attention_mask' | 'images' | 'image_grid_thw'>,
): Promise<PromptTokens[]> {
  const grids = gridsOf(facts);
  const rows = facts.prompt_ids.map(async (row, b): Promise<PromptTokens> => {
    const ids = row.filter((_, i) => facts.attention_mask[b]?.[i] === 1);
    const own = grids.slice(b, b + 1);
    return { ids, grids: own, features: await featuresOf(facts.images.slice(b, b + 1), own) };
  });
  return Promise.all(rows);
}

async function featuresOf(images: readonly string[], grids: readonly PatchGrid[]): Promise<Float32Array> {
  if (grids.length === 0) return new Float32Array();
  const { config } = checkpoint;
  const pixels = await pixelsOf(folder, { images, image_grid_thw: [] });
  const parameters = fed(checkpoint);
  const x = input('pixels', [pixels.length / patchWidth(config.vision), patchWidth(config.vision)]);
  const { features } = visionTower(parameters.p.at('visual'), x, { grids, config: config.vision });
  return Float32Array.from((await run(checkpoint, parameters, { features }, { pixels })).features ?? []);
}

const generation = (name: string): Generation => json(golden(folder, 'cases', `${name}.json`)) as Generation;

const optionsOf = (facts: Generation): GenerateOptions => ({
  sampling: { repetitionPenalty: facts.repetition_penalty },
  maxTokens: facts.max_new_tokens,
  stop: facts.eos_token_id,
  alsoPenalised: facts.prompt_ids.length > 1 ? [facts.pad_token_id] : [],
});

describe.skipIf(!haveGolden)('Decoder', () => {
  beforeAll(async () => {
    checkpoint = await openCheckpoint(folder);
  });
  afterEach(() => decoder.release());

  test.for(['generate_plain', 'generate_penalty', 'generate_batch'])('writes the published ids of %s', async (name) => {
    const facts = generation(name);
    decoder = makeDecoder({ prompt: 16, cache: 64 });
    const { rows, state } = await decoder.answer(await promptsOf(facts), optionsOf(facts));
    const live = facts.new_ids.map((ids, b) => ids.filter((_, i) => facts.live_steps[b]?.[i]));
    expect(rows.map(({ ids }) => ids)).toEqual(live);
    expect(rows.map(({ ended }) => ended)).toEqual(
      live.map((ids) => (facts.eos_token_id.includes(ids.at(-1) ?? -1) ? 'stop' : 'length')),
    );
    expect(state.next).toEqual(facts.first_new_position.map((first, b) => first + (live[b]?.length ?? 0) - 1));
  });

  test('gives every step the published logits, across a growing cache', async () => {
    const { facts, values } = await openCase<Generation>(folder, 'generate_penalty');
    decoder = makeDecoder({ prompt: 8, cache: 16 });
    const state = await decoder.prefill(await promptsOf(facts));
    const all = [...state.logits];
    for (const id of facts.new_ids[0]?.slice(0, -1) ?? []) {
      await decoder.step(state, [id]);
      all.push(...state.logits);
    }
    expectClose('step_logits', [all, await values('step_logits')]);
    // One graph for the prompt, and one for each 16 tokens of the suffix.
    expect(opened).toBeLessThanOrEqual(1 + Math.ceil((facts.new_ids[0]?.length ?? 0) / 16));
  });

  test('remembers keys and values as published', async () => {
    interface Facts {
      next_token: number;
      next_position: number;
    }
    const { facts, values, shape } = await openCase<Facts>(folder, 'kv_cache');
    const prompts = await promptsOf(generation('generate_plain'));
    decoder = makeDecoder();
    const state = await decoder.prefill(prompts);
    expect(state.next).toEqual([facts.next_position]);
    const [layers = 0, heads = 0, tokens = 0, width = 0] = shape('keys');
    const { cache } = state;
    expect(cache.used).toEqual([tokens]);
    const stretch = (buffer: Float32Array, head: number) =>
      buffer.slice(head * cache.shape.promptTokens * width, (head * cache.shape.promptTokens + tokens) * width);
    for (const side of ['key', 'value'] as const) {
      const own = Array.from({ length: layers }, (_, i) => cache.feeds()[`prompt.${side}.${i}`] ?? new Float32Array());
      const flat = own.flatMap((buffer) =>
        Array.from({ length: heads }, (_, head) => [...stretch(buffer, head)]).flat(),
      );
      expectClose(side, [flat, await values(`${side}s`)]);
    }
    await decoder.step(state, [facts.next_token]);
    expectClose('next_logits', [state.logits, await values('next_logits')]);
  });
});

describe.skipIf(!haveGolden)('query states with plain positions', () => {
  beforeAll(async () => {
    checkpoint = await openCheckpoint(folder);
  });
  afterEach(() => decoder.release());

  interface Queried {
    input_ids: number[][];
    attention_mask?: number[][];
    images: string[];
    image_grid_thw: [number, number, number][];
  }

  test.for(['query_pass', 'query_pass_batch'])('are those of %s, padding left out', async (name) => {
    const { facts, values } = await openCase<Queried>(folder, name);
    const attention_mask = facts.attention_mask ?? facts.input_ids.map((row) => row.map(() => 1));
    const rows = await promptsOf({ ...facts, prompt_ids: facts.input_ids, attention_mask });
    decoder = makeDecoder({ prompt: 16, cache: 16 });
    const states = await decoder.plainQueryStates(rows, await values('query_embeds'));
    expectClose(name, [await joined(states), await values('query_hidden')]);
  });

  test('of rows that do not fit their pictures are refused', async () => {
    decoder = makeDecoder();
    const grids = [{ t: 1, h: 4, w: 4 }];
    const { hidden } = checkpoint.config.language;
    const queries = new Float32Array(hidden);
    const row = { ids: [1, 2], grids, features: new Float32Array(3 * hidden) };
    await expect(decoder.plainQueryStates([row], queries)).rejects.toThrow('4 image places');
    await expect(decoder.prefill([{ ...row, features: new Float32Array(4 * hidden) }])).rejects.toThrow('fewer');
    await expect(decoder.prefill([{ ids: [], grids: [], features: new Float32Array() }])).rejects.toThrow('token');
  });

  test('a graph that cannot be opened is tried again', async () => {
    let fails = true;
    decoder = new Decoder({
      config: checkpoint.config,
      params: fed(checkpoint).p,
      weights: Object.fromEntries(checkpoint.weights),
      open: (outputs) => (fails ? Promise.reject(new Error('no memory')) : Session.create(outputs)),
    });
    const prompt = { ids: [1, 2], grids: [], features: new Float32Array() };
    await expect(decoder.prefill([prompt])).rejects.toThrow('no memory');
    fails = false;
    expect((await decoder.prefill([prompt])).next).toEqual([2]);
  });
});

describe.skipIf(!haveGolden)('sampled answers', () => {
  const sampling = { temperature: 1.3, topK: 40, topP: 0.95 };
  let prompts: PromptTokens[];
  beforeAll(async () => {
    checkpoint = await openCheckpoint(folder);
    prompts = await promptsOf(generation('generate_plain'));
  });
  afterEach(() => decoder.release());

  test('of one prompt are read once, differ, and repeat for a seed', async () => {
    decoder = makeDecoder();
    const options = { sampling, samples: 4, maxTokens: 6, stop: [], seed: 3 };
    const first = await decoder.answer(prompts, options);
    expect(opened).toBe(2);
    const ids = first.rows.map((row) => row.ids.join());
    expect(new Set(ids).size).toBe(4);
    const second = await decoder.answer(prompts, options);
    expect(second.rows).toEqual(first.rows);
  });

  test('are the same in a batch as alone', async () => {
    decoder = makeDecoder();
    const options = { sampling, maxTokens: 6, stop: [] };
    const batch = await decoder.answer(prompts, { ...options, samples: 3, seed: 10 });
    for (const [i, row] of batch.rows.entries()) {
      const [alone] = (await decoder.answer(prompts, { ...options, seed: 10 + i })).rows;
      expect(alone?.ids).toEqual(row.ids);
      alone?.logProbs.forEach((value, k) => expect(value).toBeCloseTo(row.logProbs[k] ?? 0, 4));
    }
  });

  test('stop one by one, and a stopped row stays as it is', async () => {
    decoder = makeDecoder();
    const free = await decoder.answer(prompts, { sampling, samples: 3, maxTokens: 8, stop: [], seed: 1 });
    const stop = free.rows[1]?.ids[2] ?? -1;
    const { rows, state } = await decoder.answer(prompts, {
      sampling,
      samples: 3,
      maxTokens: 8,
      stop: [stop],
      seed: 1,
    });
    rows.forEach((row, i) => {
      const whole = free.rows[i]?.ids ?? [];
      const end = whole.indexOf(stop);
      expect(row.ids).toEqual(end < 0 ? whole : whole.slice(0, end + 1));
      expect(row.ended).toBe(end < 0 ? 'length' : 'stop');
      expect(state.cache.used[i]).toBe((prompts[0]?.ids.length ?? 0) + row.ids.length - 1);
    });
  });

  test('arrive token by token and end at an abort', async () => {
    decoder = makeDecoder();
    const controller = new AbortController();
    const tokens = decoder.generate(prompts, { sampling, maxTokens: 50, stop: [], signal: controller.signal });
    const seen: number[] = [];
    let result = await tokens.next();
    for (; !result.done; result = await tokens.next()) {
      seen.push(result.value.id);
      if (seen.length === 4) controller.abort();
    }
    expect(result.value.rows[0]).toMatchObject({ ids: seen, ended: 'aborted' });
    expect(seen).toHaveLength(4);
  });

  test('need no more graphs than are kept open', async () => {
    decoder = makeDecoder({ prompt: 8, cache: 8 }, 2);
    const wide = await decoder.answer(prompts, { maxTokens: 20, stop: [] });
    await decoder.release();
    decoder = makeDecoder();
    const narrow = await decoder.answer(prompts, { maxTokens: 20, stop: [] });
    expect(wide.rows[0]?.ids).toEqual(narrow.rows[0]?.ids);
  });

  test('of a reasoner whose output matrix is quantised give its logits in the graph that reads the prompt', async () => {
    const { language } = checkpoint.config;
    const head = 'model.embed_tokens.weight';
    const rows = checkpoint.weights.get(head) ?? new Float32Array();
    const block = 32;
    const made = quantisedHead(rows, { rows: language.vocabulary, columns: language.hidden, block });
    const names: string[][] = [];
    const make = (quantised: boolean) => {
      const { p } = fed(checkpoint);
      return new Decoder({
        config: checkpoint.config,
        params: quantised ? { ...p, quantised: (name) => (name === head ? made : null) } : p,
        weights: Object.fromEntries(checkpoint.weights),
        open: (outputs) => {
          names.push(Object.keys(outputs));
          return Session.create(outputs);
        },
      });
    };
    const plain = make(false);
    const wanted = await plain.prefill(prompts);
    await plain.release();
    names.length = 0;
    decoder = make(true);
    const got = await decoder.prefill(prompts);
    expect(got.next).toEqual(wanted.next);
    expect(got.cache.used).toEqual(wanted.cache.used);
    expect(names.map((list) => list.includes('logits'))).toEqual([true]);
    const norm = Math.hypot(...wanted.logits);
    expect(Math.hypot(...got.logits.map((v, i) => v - (wanted.logits[i] ?? 0))) / norm).toBeLessThan(0.03);
    const { rows: answers } = await decoder.answer(prompts, { samples: 2, maxTokens: 3, stop: [] });
    expect(answers[0]?.ids).toEqual(answers[1]?.ids);
  });

  test('may be followed by queries, which see what a whole pass sees', async () => {
    const { config } = checkpoint;
    decoder = makeDecoder();
    const queries = Float32Array.from({ length: 5 * config.language.hidden }, (_, i) => Math.sin(i) / 3);
    const { rows, state } = await decoder.answer(prompts, { sampling, samples: 2, maxTokens: 7, stop: [], seed: 5 });
    const states = await joined(await decoder.queryStates(state, queries));
    const [prompt] = prompts;
    if (!prompt) throw new Error('There is no prompt.');
    const { images, image_grid_thw } = generation('generate_plain');
    const input_ids = rows.map((row) => [...(prompts[0]?.ids ?? []), ...row.ids]);
    const both = { images: rows.flatMap(() => images), image_grid_thw: rows.flatMap(() => image_grid_thw) };
    const parameters = fed(checkpoint);
    const whole = await reasoner(parameters.p, checkpoint, {
      ...{ prompt: { input_ids, ...both }, queries: 5, positions: 'mrope' },
    });
    const total = (input_ids[0]?.length ?? 0) + 5;
    const last = slice(whole.decoded.hidden, [total - 5], [total], [1]);
    const { expected = [] } = await run(checkpoint, parameters, { expected: last }, { ...whole.feeds, queries });
    expectClose('query states', [states, expected]);
    expect(states).toHaveLength(2 * queries.length);
  });
});
