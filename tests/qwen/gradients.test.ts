import { beforeAll, describe, expect, test } from 'vitest';
import { mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { reduceSum } from '../../models/graph/reduce.ts';
import { reshape, slice } from '../../models/graph/shape.ts';
import { dim, input, type Tensor } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { publishedKey } from '../../models/qwen/config.ts';
import { logitsAt } from '../../models/qwen/language.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { tokenLogProbs } from '../../models/train/grpo.ts';
import { fromPeft, type Lora, loraFactors, withLora } from '../../models/train/lora.ts';
import { golden, haveGolden } from '../golden.ts';
import {
  type Checkpoint,
  expectClose,
  type Fed,
  fed,
  json,
  openCase,
  openCheckpoint,
  run,
  tolerance,
} from './checkpoint.ts';
import { type Prompt, type Reasoner, reasoner } from './reasoner.ts';

interface Completed extends Prompt {
  completion_start: number[];
  completion_length?: number;
  completion_ids?: number[];
}

const folder = 'qwen25vl-tiny';
let checkpoint: Checkpoint;

beforeAll(async () => {
  if (haveGolden) checkpoint = await openCheckpoint(folder);
});

interface Loss {
  call: Reasoner;
  parameters: Fed;
  logProbs: Tensor;
  loss: Tensor;
}

/** The sum of a completion's log-probabilities. */
async function completionLoss(facts: Completed, parameters: Fed, again = false): Promise<Loss> {
  const call = await reasoner(parameters.p, { folder, config: checkpoint.config }, { prompt: facts, again });
  const [start = 0, count = 0] = [facts.completion_start[0], facts.completion_length ?? facts.completion_ids?.length];
  const [ids = []] = facts.input_ids;
  const before = slice(call.decoded.hidden, [start - 1], [start - 1 + count], [1]);
  const logits = logitsAt(parameters.p, before, checkpoint.config.language);
  const { logProbs } = tokenLogProbs(logits, input('chosen', [count], 'int32'));
  call.feeds.chosen = Int32Array.from(ids.slice(start, start + count));
  return { call, parameters, logProbs, loss: reduceSum(logProbs, [0]) };
}

/** Gradients of `loss` by parameter name, as outputs of a graph. */
function gradients(loss: Tensor, tensors: ReadonlyMap<string, Tensor>, names: readonly string[]) {
  const wanted = names.map((name) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`The graph has no ${name}.`);
    return tensor;
  });
  const found = grad(loss, wanted);
  return Object.fromEntries(found.map((tensor, i) => [`grad.${names[i] ?? ''}`, tensor] as const));
}

/** The listed rows of a matrix [rows, width], flat. */
const pickRows = (values: Float64Array, rows: readonly number[], width: number): number[] =>
  rows.flatMap((row) => [...values.slice(row * width, (row + 1) * width)]);

describe.skipIf(!haveGolden)('gradients of the log-probabilities', () => {
  test.for([false, true])('of every kind of weight (computed again: %s)', async (again) => {
    const { facts: prompt } = await openCase<Completed>(folder, 'logprobs');
    const found = await openCase<{ loss: number; rows: Record<string, number[]> }>(folder, 'gradients');
    const { call, parameters, loss } = await completionLoss(prompt, fed(checkpoint), again);
    const names = found.names().map((name) => name.replace('[rows]', ''));
    const outputs = gradients(loss, parameters.tensors, names);
    const results = await run(checkpoint, parameters, { loss, ...outputs }, call.feeds);
    expectClose('loss', [results.loss, [found.facts.loss]]);
    for (const name of found.names()) {
      const key = name.replace('[rows]', '');
      const all = results[`grad.${key}`] ?? new Float64Array();
      const rows = found.facts.rows[key];
      const width = found
        .shape(name)
        .slice(1)
        .reduce((a, b) => a * b, 1);
      const own = rows && name !== key ? pickRows(all, rows, width) : all;
      expectClose(name, [own, await found.values(name)], tolerance.gradients);
    }
  });
});

describe.skipIf(!haveGolden)('gradients of the query pass', () => {
  test('reach the queries, the language model and the tower', async () => {
    const { facts, values } = await openCase<Prompt & { n_queries: number }>(folder, 'query_pass');
    const found = await openCase<{ loss: number }>(folder, 'gradients_query');
    const parameters = fed(checkpoint);
    const model = { folder, config: checkpoint.config };
    const call = await reasoner(parameters.p, model, { prompt: facts, queries: facts.n_queries });
    const total = dim(call.decoded.hidden, 1);
    const states = slice(call.decoded.hidden, [total - facts.n_queries], [total], [1]);
    const weight = input('loss_weight', states.shape.slice(1));
    const loss = reduceSum(mul(reshape(states, weight.shape), weight), [0, 1]);
    const keys = found.names().flatMap((name) => (name.startsWith('grad.') ? [name.slice('grad.'.length)] : []));
    const tensors = new Map(parameters.tensors).set('query_embeds', call.queries ?? loss);
    const feeds = { queries: await values('query_embeds'), loss_weight: await found.values('loss_weight') };
    const outputs = { loss, ...gradients(loss, tensors, keys) };
    const results = await run(checkpoint, parameters, outputs, { ...call.feeds, ...feeds });
    expectClose('loss', [results.loss, [found.facts.loss]], tolerance.gradients);
    for (const key of keys) {
      const name = `grad.${key}`;
      expectClose(name, [results[name], await found.values(name)], tolerance.gradients);
    }
  });
});

interface Adapted extends Completed {
  r: number;
  lora_alpha: number;
  targets: string[];
  loss: number;
}

describe.skipIf(!haveGolden)('LoRA on the language model', () => {
  test.for(['adapter_model', 'adapter_model.old_names'])('with the keys of %s', async (adapter) => {
    const file = await openSafetensors(golden(folder, 'lora', `${adapter}.safetensors`));
    const found = await openCase<Adapted>(folder, 'lora');
    const { facts } = found;
    const lora: Lora = { rank: facts.r, alpha: facts.lora_alpha, targets: facts.targets, within: 'model.layers' };
    const ours = (name: string) => publishedKey(fromPeft(name));
    const factors = await Promise.all(
      [...file.tensors.keys()].map(async (n) => [ours(n), await file.read(n)] as const),
    );
    const weights = new Map([...checkpoint.weights, ...factors]);
    const base = fed({ weights });
    const parameters = { ...base, p: paramsFrom(withLora(base.source, base.source, lora)) };
    const { call, logProbs, loss } = await completionLoss(facts, parameters);
    const total = dim(call.decoded.hidden, 1);
    const last = slice(call.decoded.hidden, [total - 8], [total], [1]);
    const logits = logitsAt(parameters.p, last, checkpoint.config.language);
    const outputs = {
      loss,
      logProbs,
      logits,
      ...gradients(
        loss,
        base.tensors,
        factors.map(([key]) => key),
      ),
    };
    const results = await run({ weights }, base, outputs, call.feeds);
    expectClose('loss', [results.loss, [facts.loss]]);
    expectClose('logprobs', [results.logProbs, await found.values('logprobs')]);
    expectClose('logits_last8', [results.logits, await found.values('logits_last8')]);
    const graded = found.names().filter((name) => name.startsWith('grad.'));
    expect(graded).toHaveLength(factors.length);
    for (const name of graded) {
      const own = results[`grad.${ours(name.slice('grad.'.length))}`];
      expectClose(name, [own, await found.values(name)], tolerance.gradients);
    }
  });

  test('the file says where the adapter belongs', () => {
    const adapter = json(golden(folder, 'lora', 'adapter_config.json')) as { r: number; lora_alpha: number };
    const lora: Lora = { rank: adapter.r, alpha: adapter.lora_alpha, targets: ['q_proj'], within: '' };
    const { a } = loraFactors('model.layers.0.self_attn.q_proj.weight', [6, 5], lora);
    expect(a.shape).toEqual([adapter.r, 5]);
  });
});
