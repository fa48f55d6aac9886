import { describe, expect, test } from 'vitest';
import { reshape } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import { causalMask, featureIndex, insertFeatures, insertSpan, logitsAt } from '../../models/qwen/language.ts';
import { tokenLogProbs } from '../../models/train/grpo.ts';
import { evaluate } from '../evaluate.ts';
import { haveGolden } from '../golden.ts';
import { type Case, expectClose, fed, openCase, openCheckpoint, run } from './checkpoint.ts';
import { type Prompt, reasoner } from './reasoner.ts';

interface Expected extends Prompt {
  position_ids?: number[][][];
  position_ids_1d?: number[][];
  n_queries?: number;
  completion_start?: number[];
  completion_length?: number;
  completion_ids?: number[];
  completion_lengths?: number[];
}

const casesOf = {
  'qwen25vl-tiny': [
    ...['prompt_one_image', 'prompt_two_images', 'prompt_text_only', 'prompt_batch_left_padded', 'logprobs'],
    ...['query_pass', 'query_pass_batch'],
  ],
  'qwen2vl-tiny': [
    ...['prompt_one_image', 'prompt_two_images', 'prompt_text_only', 'prompt_batch_left_padded', 'query_pass'],
  ],
};

/** What a case compares, by its tensors' names; each is made from the hidden states. */
async function check(folder: string, name: string, configFile?: string): Promise<void> {
  const checkpoint = await openCheckpoint(folder, configFile);
  const found = await openCase<Expected>(folder, name);
  const { facts } = found;
  const parameters = fed(checkpoint);
  const queries = facts.n_queries ?? 0;
  const call = await reasoner(parameters.p, { folder, config: checkpoint.config }, { prompt: facts, queries });
  comparePositions(facts, call.positions);
  const { hidden, layers } = call.decoded;
  const [batch = 1, total = 1] = hidden.shape;
  const at = (rows: readonly number[], label: string) => {
    const index = input(label, [rows.length], 'int32');
    call.feeds[label] = Int32Array.from(rows);
    return logitsAt(parameters.p, hidden, checkpoint.config.language, index);
  };
  const last = rowsOf(batch, total, total - 8, 8);
  const outputs: Record<string, () => Tensor> = {
    inputs_embeds: () => call.embeds,
    last_hidden_state: () => hidden,
    logits: () => logitsAt(parameters.p, hidden, checkpoint.config.language),
    logits_last8: () => at(last, 'last'),
    query_hidden: () => hidden,
    logprobs: () => {
      const count = completionLength(facts);
      const starts = facts.completion_start ?? [];
      const rows = starts.flatMap((start, b) => rowsOf(1, total, b * total + start - 1, count));
      const chosen = starts.flatMap((start, b) => facts.input_ids[b]?.slice(start, start + count) ?? []);
      call.feeds.chosen = Int32Array.from(chosen);
      return tokenLogProbs(at(rows, 'completion'), input('chosen', [rows.length], 'int32')).logProbs;
    },
    ...Object.fromEntries(layers.map((layer, i) => [`layer${i}`, () => layer] as const)),
  };
  const wanted = found.names().filter((tensor) => tensor !== 'query_embeds');
  if (queries > 0) call.feeds.queries = await found.values('query_embeds');
  const graph = Object.fromEntries(wanted.map((tensor) => [tensor, outputs[tensor]?.() ?? hidden] as const));
  const results = await run(checkpoint, parameters, graph, call.feeds);
  const at8 = { batch, total, queries };
  for (const tensor of wanted) await compare(found, tensor, results[tensor], at8);
}

const completionLength = ({ completion_ids, completion_length }: Expected): number =>
  completion_length ?? completion_ids?.length ?? 0;

/** Flat indices of `count` places from `start` in each of `batch` rows. */
const rowsOf = (batch: number, total: number, start: number, count: number): number[] =>
  Array.from({ length: batch * count }, (_, i) => Math.floor(i / count) * total + start + (i % count));

function comparePositions(facts: Expected, positions: readonly Int32Array[]): void {
  const { position_ids, position_ids_1d: lines } = facts;
  const expected = position_ids ?? (lines ? [lines, lines, lines] : undefined);
  expect(positions.map((axis) => [...axis])).toEqual(expected?.map((axis) => axis.flat()));
}

/** Masked places hold no values to compare; log-probabilities count as far as the row's completion goes. */
async function compare(
  found: Case<Expected>,
  tensor: string,
  actual: Float64Array | undefined,
  { batch, total, queries }: { batch: number; total: number; queries: number },
): Promise<void> {
  const { attention_mask: mask, completion_lengths: lengths } = found.facts;
  const shape = found.shape(tensor);
  const width = tensor === 'logprobs' ? 1 : (shape[2] ?? 1);
  const places = shape[1] ?? 1;
  const own =
    tensor === 'query_hidden' ? actual?.filter((_, i) => Math.floor(i / width) % total >= total - queries) : actual;
  const counts = (i: number) => {
    const [row, place] = [Math.floor(i / width / places), Math.floor(i / width) % places];
    if (tensor === 'logprobs') return place < (lengths?.[row] ?? places);
    return (mask?.[row]?.[total - places + place] ?? 1) !== 0;
  };
  expect(shape[0]).toBe(batch);
  expectClose(`${found.facts.images.join('+')} ${tensor}`, [own, await found.values(tensor)], undefined, counts);
}

describe.skipIf(!haveGolden)('the language model', () => {
  for (const [folder, cases] of Object.entries(casesOf))
    test.for(cases)(`${folder}: everything of %s`, (name) => check(folder, name));

  test('qwen25vl-tiny: row and column ids, seen through a small theta', () =>
    check('qwen25vl-tiny', 'prompt_small_theta', 'config.theta.json'));
});

describe('image features', () => {
  const x = Float32Array.from({ length: 2 * 5 * 2 }, (_, i) => i);
  const features = Float32Array.from({ length: 2 * 2 * 2 }, (_, i) => 100 + i);
  const embeds = input('x', [2, 5, 2]);
  const found = input('features', [4, 2]);

  test.for([0, 2, 3])('are put at the same place of every row, from %i', async (start) => {
    const ids = [0, 1].flatMap(() => Array.from({ length: 5 }, (_, i) => (i >= start && i < start + 2 ? 9 : 1)));
    const outputs = {
      span: insertSpan(embeds, found, start),
      index: insertFeatures(embeds, found, input('at', [10], 'int32')),
    };
    const { span, index } = await evaluate(outputs, { x, features, at: featureIndex(ids, 9) });
    const expected = ids.map((id, i) => (id === 9 ? 100 + 2 * ids.slice(0, i).filter((v) => v === 9).length : 2 * i));
    expect([...(span ?? [])]).toEqual(expected.flatMap((v) => [v, v + 1]));
    expect(index).toEqual(span);
  });

  test('may stand at other places in other rows', async () => {
    const outputs = { index: insertFeatures(embeds, found, input('at', [10], 'int32')) };
    const ids = [9, 1, 1, 1, 9, 1, 9, 9, 1, 1];
    const { index } = await evaluate(outputs, { x, features, at: featureIndex(ids, 9) });
    expect(index?.filter((_, i) => i % 2 === 0)).toEqual(Float64Array.from([100, 2, 4, 6, 102, 10, 104, 106, 16, 18]));
  });
});

describe('causalMask', () => {
  test('hides what comes later and what nobody may see', () => {
    const mask = [...causalMask([[0, 1, 1]])].map((v) => (v === 0 ? 1 : 0));
    expect(mask).toEqual([0, 0, 0, 0, 1, 0, 0, 1, 1]);
  });

  test('keeps every number finite', async () => {
    const scores = input('mask', [1, 1, 2, 2]);
    const { y } = await evaluate({ y: reshape(scores, [4]) }, { mask: causalMask([[0, 0]]) });
    expect(y?.every(Number.isFinite)).toBe(true);
  });
});
